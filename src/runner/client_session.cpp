#include "runner/client_session.hpp"

#include <algorithm>
#include <string>

#include <cloacina/error.hpp>

#include "core/sabotage.hpp"
#include "dal/control_requests.hpp"
#include "engine/pause.hpp"
#include "engine/refusals.hpp"
#include "runner/queries.hpp"

namespace cloacina::detail {
namespace {

using namespace std::chrono_literals;
using Kind = dal::CancelAnswer::Kind;

// Calls block; beyond this the caller hears what the database says.
constexpr auto patience = 30s;
constexpr std::chrono::milliseconds longest_pause = 500ms;

// The owner looks for requests 25 times a second.
constexpr std::chrono::milliseconds answer_interval = 20ms;

}  // namespace

bool ClientSession::Tries::another() {
  // What the trials session_kills and ambiguous_commit must notice.
  static bool const impatient = is_sabotaged("no_retry") || is_sabotaged("unknown_is_failure");
  if (impatient) return false;
  if (environment_.monotonic() - begun_ > patience) return false;
  engine::pause(environment_, pause_);
  pause_ = std::min(pause_ * 2, longest_pause);
  return true;
}

void ClientSession::throw_perhaps_stored(backend::SessionError const& last) {
  throw backend::SessionError{
      backend::Failure::unknown,
      "the answer of the database was lost, and it is not known whether it has stored what was "
      "asked for; look for it before it is asked for again, or use an idempotency key: " +
          std::string{last.what()},
      last.sqlstate()};
}

// There may be no runner that would do it.
void ClientSession::tidy_log() noexcept try {
  if (log_.due(database_.log_bytes())) database_.checkpoint(false);
} catch (...) {
  // What was written is stored; the next call tries again.
}

void ClientSession::cancel(ExecutionId id, std::string_view reason) {
  auto const text = cancel_text(reason);
  dal::CancelAsk const ask{
      .request = environment_.new_id(), .execution = id, .reason = text, .now = environment_.now()};
  auto answer = write([&](backend::Session& session) { return dal::ask_to_cancel(session, ask); });
  auto const give_up = environment_.monotonic() + patience;
  while (answer.kind == Kind::waiting && environment_.monotonic() < give_up) {
    engine::pause(environment_, answer_interval);
    try {
      answer = answer_to(database_, ask.request);
    } catch (backend::SessionError const& error) {
      if (!error.is_retryable()) throw;
      continue;  // the request is stored: its answer can be read later
    }
    if (answer.kind == Kind::unowned)
      answer = write([&](backend::Session& session) { return dal::ask_to_cancel(session, ask); });
  }
  auto const name = id.to_string();
  switch (answer.kind) {
    case Kind::applied:
      return;
    case Kind::too_late:
      throw_not_cancellable(id, answer.status);
    case Kind::not_found:
      throw ExecutionNotFound{"no execution " + name + " in this database", name};
    case Kind::waiting:
    case Kind::unowned:
      throw TimeoutError{"execution " + name +
                         " is not cancelled yet: its owner has not answered for 30 s; the request "
                         "is stored, and the next runner that looks at it applies it"};
  }
}

}  // namespace cloacina::detail
