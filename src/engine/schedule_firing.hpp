#pragma once

#include <optional>

#include <cloacina/environment.hpp>
#include <cloacina/workflow.hpp>

#include "core/schedule_rules.hpp"
#include "dal/firings.hpp"

namespace cloacina::engine {

/// A stored schedule, read: what its times follow from. Throws `ValidationError` or `BackendError`
/// for a zone or an expression that is none here.
class ReadSchedule {
 public:
  explicit ReadSchedule(dal::ScheduleRow const& row);
  [[nodiscard]] ScheduleRules rules() const noexcept {
    return {id_, expression_, *zone_, options_};
  }
  [[nodiscard]] CronOptions const& options() const noexcept { return options_; }

 private:
  ScheduleId id_;
  CronExpression expression_;
  std::shared_ptr<TimeZone const> zone_;
  CronOptions options_;
};

/// What the executions of a schedule are given at an instant.
[[nodiscard]] Context firing_context(dal::ScheduleRow const& row, CronOptions const& options,
                                     Instant nominal);
/// One that fires. Throws `ValidationError` if the workflow takes other inputs, or smaller ones.
[[nodiscard]] dal::FiringWrite firing_of(dal::ScheduleRow const& row, CronOptions const& options,
                                         Workflow const& workflow, ExecutionId execution,
                                         Instant nominal, std::size_t max_context_bytes);

/// When the schedule is looked at again: at its next instant and its jitter.
[[nodiscard]] std::optional<Instant> due_of(ScheduleRules const& rules,
                                            std::optional<Instant> next);

/// So many instants wait for the end of an execution.
inline constexpr std::uint32_t most_queued = 100;

/// What is done about a schedule that is due; `unfinished`: its last execution is. `queued`: the
/// instant that waits longest.
struct FiringCase {
  dal::ScheduleRow row;
  bool unfinished = false;
  std::optional<Instant> queued;
  Workflow const& workflow;
  Instant now{};
  std::size_t most_at_once = 1;
  std::size_t max_context_bytes = 0;
  std::chrono::milliseconds queue_interval{};  ///< how often the end of an execution is looked for
};
[[nodiscard]] dal::ScheduleDecision decide_firings(FiringCase&& firing,
                                                   Environment const& environment);

}  // namespace cloacina::engine
