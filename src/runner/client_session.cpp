#include "runner/client_session.hpp"

#include <algorithm>
#include <thread>

#include "dal/workflow_executions.hpp"
#include "engine/refusals.hpp"
#include "runner/queries.hpp"

namespace cloacina::detail {
namespace {

using namespace std::chrono_literals;

// A client's calls block; beyond this the caller hears what the database says.
constexpr auto patience = 30s;
constexpr std::chrono::milliseconds longest_pause = 500ms;

}  // namespace

bool ClientSession::Tries::another() {
  if (std::chrono::steady_clock::now() - begun_ > patience) return false;
  std::this_thread::sleep_for(pause_);
  pause_ = std::min(pause_ * 2, longest_pause);
  return true;
}

// There may be no runner that would do it.
void ClientSession::tidy_log() noexcept try {
  if (log_.due(database_.log_bytes())) database_.checkpoint(false);
} catch (...) {
  // What was written is stored; the next call tries again.
}

void ClientSession::cancel(ExecutionId id, std::string_view reason, Instant now) {
  auto const text = cancel_text(reason);
  bool const done = write([&](backend::Session& session, bool answer_was_lost) {
    return dal::cancel_unowned(session, id, text, now, answer_was_lost);
  });
  if (!done) throw_not_cancellable(find_execution(database_, id));
}

}  // namespace cloacina::detail
