#include "engine/scheduler.hpp"

#include <utility>

#include <cloacina/error.hpp>

#include "engine/log.hpp"
#include "engine/schedule_firing.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

// After an error that names the schedule: its zone, its workflow's inputs. A release may mend it.
constexpr auto pause_after_error = 60s;
// After a transaction that could not be made.
constexpr auto pause_after_failure = 500ms;

}  // namespace

void Scheduler::look(backend::Session& session) {
  next_due_ = dal::next_due(session, known_.names());
}

std::size_t Scheduler::fire(Committer& committer, Instant now, std::chrono::nanoseconds monotonic) {
  if (!next_due_ || *next_due_ > now || monotonic < not_before_) return 0;
  dal::FireResult result;
  bool const made = committer.fire(
      {.now = now,
       .workflows = known_.names(),
       .limit = limit_,
       .decide =
           [this, now](dal::ScheduleRow&& row, bool unfinished, std::optional<Instant> queued) {
             return decide(std::move(row), unfinished, queued, now);
           }},
      result);
  if (made) {
    limit_ = most_at_once;
    look(committer.session());
    // Others hold what is due, and were not waited for.
    if (result.schedules.empty() && next_due_ && *next_due_ <= now)
      not_before_ = monotonic + pause_after_failure;
    return result.executions;
  }
  auto const* const refused = std::get_if<dal::Refused>(&result.outcome);
  if (refused == nullptr) {
    not_before_ = monotonic + pause_after_failure;
  } else if (result.schedules.size() > 1) {
    limit_ = 1;  // one of them is refused (R16)
  } else {
    if (!result.schedules.empty())
      hold_up(committer, result.schedules.front(), refused->message, now);
    not_before_ = monotonic + pause_after_failure;
  }
  return 0;
}

dal::ScheduleDecision Scheduler::decide(dal::ScheduleRow&& row, bool unfinished,
                                        std::optional<Instant> queued, Instant now) const {
  auto const before = row;
  try {
    return decide_firings({.row = std::move(row),
                           .unfinished = unfinished,
                           .queued = queued,
                           .workflow = *known_.latest(before.workflow),
                           .now = now,
                           .most_at_once = config_.cron_max_catchup_executions,
                           .max_context_bytes = config_.max_context_bytes,
                           .queue_interval = config_.scheduler_poll_interval},
                          environment_);
  } catch (Error const& error) {
    dal::ScheduleDecision held{.row = before, .firings = {}, .missed = {}};
    held.row.error = error.what();
    held.row.due_at = now + pause_after_error;
    if (before.error != held.row.error)
      log_warning("cloacina: schedule " + before.id.to_string() + " of workflow '" +
                  before.workflow + "' does not fire: " + error.what());
    return held;
  }
}

// What is refused names the data of one schedule, which waits; the others go on.
void Scheduler::hold_up(Committer& committer, ScheduleId id, std::string const& why, Instant now) {
  log_warning("cloacina: schedule " + id.to_string() + " does not fire: " + why);
  dal::FireResult result;
  (void)committer.fire({.now = now,
                        .workflows = known_.names(),
                        .limit = 1,
                        .decide =
                            [&](dal::ScheduleRow&& row, bool, std::optional<Instant>) {
                              dal::ScheduleDecision held{std::move(row), {}, {}};
                              held.row.error = why;
                              held.row.due_at = now + pause_after_error;
                              return held;
                            }},
                       result);
}

}  // namespace cloacina::engine
