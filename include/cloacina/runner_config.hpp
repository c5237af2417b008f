#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace cloacina {

/// How a runner works; the defaults need no tuning. Checked when the runner is constructed: one
/// `ConfigurationError` names every field that is out of range, with the range.
struct DefaultRunnerConfig {
  /// Synchronous bodies that run at the same time; one thread each. 1 to 1 024.
  std::size_t max_concurrent_tasks = 4;
  /// Coroutine bodies that are under way at the same time. 1 to 1 000 000.
  std::size_t max_concurrent_async_tasks = 1'000;
  /// Backstop behind every wake-up: how often the database is looked at without a reason. 1 ms to 1
  /// h.
  std::chrono::milliseconds scheduler_poll_interval{1'000};
  /// Limit of one attempt of a task that does not name its own; 0: none. Up to 100 years.
  std::chrono::milliseconds task_timeout{300'000};
  /// Limit of an execution from its first start, for workflows that do not name their own; 0: none.
  /// Up to 100 years.
  std::chrono::milliseconds workflow_timeout{3'600'000};
  /// Reader sessions, opened when they are needed. 1 to 1 000.
  std::size_t db_pool_size = 10;
  /// Whether this runner takes over executions of runners that died.
  bool enable_recovery = true;
  /// A runner that has not been heard of for this long is dead. 100 ms to 1 h.
  std::chrono::milliseconds lease{15'000};
  /// Executions that this runner owns at the same time; what is accepted beyond that waits unowned.
  /// 1 to 10 000 000.
  std::size_t max_active_executions = 10'000;
  /// After so many crashes a task is Failed. 3 to 100.
  std::uint32_t max_crashes = 5;
  /// The largest input of an execution, and the most that one attempt of a task may write to its
  /// context: each as JSON text, in bytes; what several tasks wrote together may be more. 1 KiB to
  /// 1 GiB. A `Client` takes inputs up to the default.
  std::size_t max_context_bytes = 16u << 20;
  /// Whether this runner fires cron schedules.
  bool enable_cron_scheduling = true;
  /// For a schedule with `CatchupPolicy::run_all`: of the instants that are due at once, the oldest
  /// so many fire. 1 to 10 000.
  std::size_t cron_max_catchup_executions = 100;
  /// Whether this runner polls event triggers.
  bool enable_trigger_scheduling = true;
  /// Limit of one poll of a trigger; 0: none. Up to 100 years.
  std::chrono::milliseconds trigger_poll_timeout{30'000};
  /// A label for people; ids are always new. At most 256 bytes of UTF-8 without NUL.
  std::string runner_name{};  // braces: designated initialisers may leave it out without a warning
};

}  // namespace cloacina
