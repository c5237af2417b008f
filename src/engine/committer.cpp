#include "engine/committer.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/assert.hpp"
#include "core/sabotage.hpp"
#include "dal/workflow_executions.hpp"
#include "engine/log.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace

Committer::Committer(Settings settings, Environment const& environment, backend::Database& database)
    : settings_(std::move(settings)), environment_(environment), database_(database) {}

backend::Session& Committer::session() {
  if (session_ && session_->broken()) session_failed();
  if (!session_) session_ = database_.open_writer();
  return *session_;
}

void Committer::session_failed() noexcept {
  session_.reset();
  reconcile_wanted_ = true;
}

void Committer::session_failed(Error const& error) {
  session_failed();
  auto const* const met = dynamic_cast<backend::SessionError const*>(&error);
  if (met != nullptr && met->failure() == backend::Failure::damaged) damage_ = Damaged{met->what()};
}

void Committer::enroll() {
  auto row = settings_.row;
  std::chrono::nanoseconds sent{};
  for (bool registered = false; !registered; enrolling_.reset()) {
    // R8: a try whose answer was lost may have been made; this one is the same then.
    if (!enrolling_) enrolling_ = dal::RunnerId{environment_.new_id()};
    row.id = *enrolling_;
    row.started_at = environment_.now();
    sent = environment_.monotonic();
    registered =
        dal::register_runner(database_, session(), row, settings_.lease, settings_.definitions);
  }
  settings_.row.id = row.id;
  commit_seq_ = 0;
  unsettled_ = false;
  last_renewal_ = sent;
  no_takeover_before_ = 0ns;
}

void Committer::learn(dal::WorkflowDefinitionRow definition, std::string known) {
  settings_.definitions.push_back(std::move(definition));
  settings_.row.workflows = std::move(known);
}

dal::Fence Committer::fence() const noexcept {
  return {settings_.row.id, commit_seq_ + 1, settings_.lease};
}

void Committer::renewed(std::chrono::nanoseconds sent) noexcept {
  ++commit_seq_;
  failures_ = 0;
  // R7: who was away for long does not judge others before it has been regular for a whole lease.
  auto const now = environment_.monotonic();
  if (now - last_renewal_ > settings_.lease / 2) no_takeover_before_ = now + settings_.lease;
  last_renewal_ = sent;
}

Committer::Result Committer::commit(dal::Batch const& batch) {
  // A takeover whose answer was lost may have used the next number. An empty batch finds out: it
  // may be taken for the takeover and the takeover for it, because nothing depends on either.
  if (std::exchange(unsettled_, false)) {
    auto settled = commit({});
    if (!std::holds_alternative<dal::Committed>(settled)) return settled;
  }
  bool in_doubt = false;  // an answer was lost: the database may still be about to store it
  for (;;) {
    std::string trouble;
    bool ask = false;
    auto const sent = environment_.monotonic();
    try {
      auto outcome = dal::commit(database_, session(), fence(), batch);
      if (auto* committed = std::get_if<dal::Committed>(&outcome)) {
        renewed(sent);
        return std::move(*committed);
      }
      if (auto* refused = std::get_if<dal::Refused>(&outcome)) return std::move(*refused);
      if (auto* damaged = std::get_if<dal::Damaged>(&outcome)) return std::move(*damaged);
      // What the trial ambiguous_commit must notice.
      static bool const guesses = is_sabotaged("unknown_is_failure");
      if (guesses && std::holds_alternative<dal::Unknown>(outcome)) return GaveUp{};
      std::visit(overloaded{[&](dal::Fenced const&) { ask = true; },
                            [&](dal::Unknown const& unknown) {
                              ask = in_doubt = true;
                              trouble = unknown.message;
                              session_failed();
                            },
                            [&](dal::Again const& again) {
                              trouble = again.message;
                              if (again.session_broken) session_failed();
                            },
                            [](auto const&) {}},
                 outcome);
    } catch (Error const& error) {  // no session to be had
      trouble = error.what();
      session_failed(error);
      if (damage_) return *damage_;
    }
    while (ask) {
      switch (read_fate()) {
        case Fate::applied: {
          renewed(sent);
          // What can be read may be on one disk alone: a server whose standby must have it too has
          // not said so. It says so of what comes later.
          if (database_.is_remote() && !batch.empty()) {
            auto confirmed = commit({});
            if (std::holds_alternative<GaveUp>(confirmed)) return GaveUp{.outcome_known = false};
            if (!std::holds_alternative<dal::Committed>(confirmed)) return confirmed;
          }
          if (auto committed = committed_by_reading(batch)) return std::move(*committed);
          if (damage_) return *damage_;
          return GaveUp{.outcome_known = false};
        }
        case Fate::dead:
          return Dead{};
        case Fate::not_applied:
          ask = false;
          break;  // the same batch, the same number, again
        case Fate::unreachable:
          if (damage_) return *damage_;
          if (!back_off(trouble)) return GaveUp{.outcome_known = false};
          break;
      }
    }
    if (!trouble.empty() && !back_off(trouble)) return GaveUp{.outcome_known = !in_doubt};
  }
}

Committer::Fate Committer::read_fate() {
  try {
    auto const row = dal::read_runner(session(), settings_.row.id);
    if (row && row->commit_seq == commit_seq_ + 1) return Fate::applied;  // on a dead row too (R8)
    if (!row || !row->alive) return Fate::dead;
    CLOACINA_ASSERT(row->commit_seq <= commit_seq_, "somebody else writes under this runner's id");
    if (row->commit_seq == commit_seq_) return Fate::not_applied;
    log_error(
        "cloacina: the database has lost what it had stored, as after a failover to a standby that "
        "lagged, or a restoration; what this runner owned is read anew");
    return Fate::dead;
  } catch (Error const& error) {
    log_warning(std::string{"cloacina: the database does not answer: "} + error.what());
    session_failed(error);
    return Fate::unreachable;
  }
}

std::optional<dal::Committed> Committer::committed_by_reading(dal::Batch const& batch) {
  reconcile_wanted_ = true;  // also brings what the batch claimed
  dal::Committed committed;
  if (batch.inserts.empty()) return committed;
  std::vector<ExecutionId> ids;
  for (auto const& insert : batch.inserts) ids.push_back(insert.id);
  for (;;) {
    try {
      auto const stored = dal::existing_executions(database_, session(), ids);
      std::unordered_set<ExecutionId> const found{stored.begin(), stored.end()};
      for (std::size_t i = 0; i < ids.size(); ++i)
        if (!found.contains(ids[i])) committed.not_inserted.push_back(i);
      return committed;
    } catch (Error const& error) {
      session_failed(error);
      if (damage_ || !back_off(error.what())) return std::nullopt;
    }
  }
}

bool Committer::back_off(std::string const& why) {
  ++failures_;
  if (failures_ == 3 || failures_ % 60 == 0)
    log_warning("cloacina: the database refuses for now, trying on: " + why);
  auto const exponent = std::min(failures_, 8u);
  auto const longest = std::chrono::duration<double>(0.004 * static_cast<double>(1u << exponent));
  auto pause = std::chrono::duration_cast<std::chrono::nanoseconds>(
      longest * (0.5 + environment_.random() / 2));
  static bool const patient =
      is_sabotaged("pauses_of_20_s");  // what the trial disk_full must notice
  if (patient && failures_ > 3) pause = 20s;
  if (auto const& conductor = environment_.conductor) {
    // Others go on meanwhile; an engine that waits inside its turn gets no other one.
    return !conductor->run_until([this] { return gave_up_; }, environment_.monotonic() + pause);
  }
  std::unique_lock lock{mutex_};
  return !gave_up_changed_.wait_for(lock, pause, [this] { return gave_up_; });
}

void Committer::give_up() noexcept {
  {
    std::lock_guard lock{mutex_};
    gave_up_ = true;
  }
  gave_up_changed_.notify_all();
}

bool Committer::take_over(Instant now, dal::TakeoverResult& result) {
  if (unsettled_) return false;
  auto const sent = environment_.monotonic();
  // Asked once more when the turn has come: waiting for it may have taken longer than R7 allows.
  result = dal::take_over(database_, session(), fence(), now, settings_.max_crashes,
                          [this] { return may_take_over(environment_.monotonic()); });
  if (auto const* refused = std::get_if<dal::Refused>(&result.outcome))
    log_error("cloacina: lost runners cannot be taken over from: " + refused->message);
  return settle(result.outcome, sent);
}

template <class Make>
bool Committer::beside_batches(dal::Outcome& outcome, Make&& make) {
  // Not at the next renewal: what waits here is due now.
  if (unsettled_ && !std::holds_alternative<dal::Committed>(commit({}))) return false;
  auto const sent = environment_.monotonic();
  try {
    outcome = std::forward<Make>(make)(session());
  } catch (Error const& error) {  // no session to be had
    session_failed(error);
    outcome = dal::Again{error.what(), true};
    return false;
  }
  return settle(outcome, sent);
}

bool Committer::fire(dal::FireRequest const& request, dal::FireResult& result) {
  return beside_batches(result.outcome, [&](backend::Session& session) {
    result = dal::fire_due(database_, session, fence(), request);
    return result.outcome;
  });
}

bool Committer::write_polls(dal::PollRequest const& request, dal::Outcome& outcome) {
  return beside_batches(outcome, [&](backend::Session& session) {
    return dal::write_polls(database_, session, fence(), request);
  });
}

bool Committer::claim_triggers(std::string_view names) {
  dal::Outcome outcome;
  return beside_batches(outcome, [&](backend::Session& session) {
    return dal::claim_triggers(database_, session, fence(), names);
  });
}

bool Committer::release_triggers(std::string_view names) {
  dal::Outcome outcome;
  return beside_batches(outcome, [&](backend::Session& session) {
    return dal::release_triggers(database_, session, fence(), names);
  });
}

bool Committer::settle(dal::Outcome const& outcome, std::chrono::nanoseconds sent) {
  if (std::holds_alternative<dal::Committed>(outcome)) {
    renewed(sent);
    return true;
  }
  if (auto const* damaged = std::get_if<dal::Damaged>(&outcome)) damage_ = *damaged;
  if (auto const* again = std::get_if<dal::Again>(&outcome); again && again->session_broken)
    session_failed();
  if (std::holds_alternative<dal::Unknown>(outcome)) {
    session_failed();
    if (read_fate() == Fate::applied) {
      renewed(sent);
    } else {
      unsettled_ = true;
    }
  }
  return false;
}

bool Committer::release(Instant now) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    try {
      auto const outcome = dal::release(database_, session(), fence(), now);
      if (std::holds_alternative<dal::Committed>(outcome)) return true;
      if (std::holds_alternative<dal::Fenced>(outcome) ||
          std::holds_alternative<dal::Refused>(outcome) ||
          std::holds_alternative<dal::Damaged>(outcome))
        return false;
      if (std::holds_alternative<dal::Unknown>(outcome)) {
        session_failed();
        auto const row = dal::read_runner(session(), settings_.row.id);
        if (!row || !row->alive) return true;
      }
    } catch (Error const& error) {
      log_warning(
          std::string{
              "cloacina: ownership could not be released, others take over after the lease: "} +
          error.what());
      session_failed();
    }
    if (!back_off("release")) return false;
  }
  return false;
}

bool Committer::renewal_due(std::chrono::nanoseconds monotonic) const noexcept {
  return monotonic >= next_renewal();
}
std::chrono::nanoseconds Committer::next_renewal() const noexcept {
  return last_renewal_ + settings_.lease / 3;
}
std::chrono::nanoseconds Committer::lease_end() const noexcept {
  return last_renewal_ + settings_.lease;
}
bool Committer::may_take_over(std::chrono::nanoseconds monotonic) const noexcept {
  return monotonic >= no_takeover_before_ && monotonic - last_renewal_ <= settings_.lease / 2;
}
bool Committer::take_reconcile_wanted() noexcept { return std::exchange(reconcile_wanted_, false); }

}  // namespace cloacina::engine
