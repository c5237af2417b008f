#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cloacina/context.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

using ScheduleId = ExecutionId;

/// What becomes of instants that came while no runner could fire them.
enum class CatchupPolicy : std::uint8_t {
  skip,      ///< the latest fires if it is at most a minute late, the others are missed
  run_once,  ///< the latest fires, however late; the others are missed
  run_all,   ///< the oldest `cron_max_catchup_executions` fire, the others are missed
};

/// What becomes of an instant while the execution of the one before is unfinished.
enum class OverlapPolicy : std::uint8_t {
  allow,  ///< it fires: executions run side by side
  skip,   ///< it does not fire, and the history says why
  queue,  ///< it fires when that execution has ended; at most 100 wait
};

/// In the words that are stored: "skip", "run_once", "run_all"; "allow", "skip", "queue".
[[nodiscard]] std::string_view to_string(CatchupPolicy policy) noexcept;
[[nodiscard]] std::string_view to_string(OverlapPolicy policy) noexcept;
/// Throw `ValidationError` naming the words that there are.
[[nodiscard]] CatchupPolicy catchup_policy_from(std::string_view text);
[[nodiscard]] OverlapPolicy overlap_policy_from(std::string_view text);

/// How a workflow is fired by the clock, beside its expression.
struct CronOptions {
  /// An IANA name, as "Europe/Paris".
  std::string timezone = "UTC";
  /// One of a name is replaced when the name is registered again, whatever its expression; without
  /// a name, workflow, expression and zone say which it is. At most 255 bytes of UTF-8.
  std::string name{};
  CatchupPolicy catchup = CatchupPolicy::skip;
  OverlapPolicy overlap = OverlapPolicy::allow;
  /// Each firing is late by a part of this, another one each time, so that many schedules do not
  /// fire at once. Shorter than the shortest time between two firings.
  std::chrono::milliseconds jitter{0};
  /// Nothing fires before, nor after.
  std::optional<Instant> start{}, end{};
  /// Given to each execution, beside `scheduled_time`, `schedule_id`, `schedule_timezone` and
  /// `schedule_expression`.
  Context parameters{};
  /// False: registered, and fires nothing until it is enabled. Ignored if the schedule is
  /// registered already.
  bool enabled = true;
};

/// A schedule that is to be registered.
struct CronRegistration {
  std::string workflow;
  std::string expression;
  CronOptions options{};
};

/// A schedule as it is stored.
struct CronSchedule {
  ScheduleId id{};
  std::string workflow;
  std::string expression;
  CronOptions options;  ///< `enabled` as it is now
  /// The next instant that fires; nothing if there is none, or it is paused.
  std::optional<Instant> next_run_at;
  /// The latest instant that has fired.
  std::optional<Instant> last_run_at;
  /// Why it does not fire though it is due: its zone is not known here, its workflow takes other
  /// inputs by now. Empty: all is well.
  std::string error;
  Instant created_at{}, updated_at{};
};

/// What became of an instant.
enum class FiringOutcome : std::uint8_t {
  fired,    ///< there is an execution
  queued,   ///< there will be, when the one before has ended
  skipped,  ///< because of what `reason` says
  missed,   ///< nobody could fire it in time
  failed,   ///< of a trigger: its poll threw, or took too long
};
[[nodiscard]] std::string_view to_string(FiringOutcome outcome) noexcept;

/// A line of a schedule's history.
struct CronFiring {
  ScheduleId schedule{};
  Instant scheduled_time{};             ///< the instant of the expression, without jitter
  std::optional<Instant> until;         ///< of many that were missed: the last one
  std::optional<std::size_t> instants;  ///< how many they are; nothing: more than 1 000
  FiringOutcome outcome = FiringOutcome::fired;
  std::string reason;                    ///< why it did not fire
  std::optional<ExecutionId> execution;  ///< of one that has
  Instant recorded_at{};
};

/// Of all schedules together.
struct CronStats {
  std::size_t total_executions = 0;       ///< fired
  std::size_t successful_executions = 0;  ///< of those: Completed
  std::size_t lost_executions = 0;        ///< of those: no longer stored; else always 0
  std::size_t skipped = 0;                ///< instants
  std::size_t missed = 0;                 ///< instants; too many to count in a row are 1 000
  /// In percent; 0 if nothing has fired.
  [[nodiscard]] double success_rate() const noexcept {
    if (total_executions == 0) return 0;
    return 100.0 * static_cast<double>(successful_executions) /
           static_cast<double>(total_executions);
  }
};

}  // namespace cloacina
