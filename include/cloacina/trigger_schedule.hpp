#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include <cloacina/context.hpp>
#include <cloacina/schedule.hpp>

namespace cloacina {

/// A trigger as it is stored.
struct TriggerSchedule {
  ScheduleId id{};
  std::string name;
  std::string workflow;
  std::chrono::milliseconds poll_interval{0};
  bool allow_concurrent = false;
  bool enabled = true;
  /// The begin of the latest poll that is stored: at most a third of a lease and a poll interval
  /// ago, while one polls.
  std::optional<Instant> last_poll_at;
  std::optional<Instant> last_run_at;  ///< when it fired last
  /// Why the last poll came to nothing: what it threw, that it took too long, an input that its
  /// workflow does not take. Empty: all is well.
  std::string error;
  Context state;  ///< what it keeps, see `TriggerContext::state`
  Instant created_at{}, updated_at{};
};

/// A line of a trigger's history: a fire; or polls in a row that found something and did not fire,
/// or that failed, as by throwing. Polls that found nothing have no line.
struct TriggerFiring {
  ScheduleId schedule{};
  Instant polled_at{};
  std::optional<Instant> until;  ///< of several polls: the last one
  std::size_t polls = 1;         ///< how many they are
  /// fired; skipped: an execution with the same input was unfinished; failed
  FiringOutcome outcome = FiringOutcome::fired;
  std::string reason;  ///< why it did not fire
  /// Of a fire: equal for equal inputs of one trigger; 32 hex digits.
  std::string context_hash;
  std::optional<ExecutionId> execution;               ///< of a fire
  std::optional<Instant> started_at{}, completed_at;  ///< of the execution, if it is still stored
  Instant recorded_at{};
};

}  // namespace cloacina
