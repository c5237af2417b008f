#pragma once

#include <cstdint>
#include <string_view>

namespace cloacina {

/// State of a workflow execution. The words of `to_string` are those of the API, of SQL and of
/// JSON.
enum class WorkflowStatus : std::uint8_t {
  pending,    ///< accepted and stored; no task has started
  running,    ///< owned by a runner
  paused,     ///< nothing new starts until it is resumed
  completed,  ///< final: no task failed unhandled
  failed,     ///< final
  cancelled,  ///< final
};

/// State of one task inside a workflow execution.
enum class TaskStatus : std::uint8_t {
  not_started,  ///< waits for its dependencies
  ready,        ///< may start, or waits for its next attempt
  running,      ///< its body runs
  deferred,     ///< waits without a thread
  completed,    ///< final
  failed,       ///< final
  skipped,      ///< final: its trigger rule did not hold, or a dependency failed
  cancelled,    ///< final
};

[[nodiscard]] std::string_view to_string(
    WorkflowStatus status) noexcept;  ///< "Pending", "Running", …
[[nodiscard]] std::string_view to_string(TaskStatus status) noexcept;  ///< "NotStarted", "Ready", …
/// The inverse of `to_string`, exact spelling. Throws `ValidationError` naming the valid words.
[[nodiscard]] WorkflowStatus workflow_status_from(std::string_view word);
[[nodiscard]] TaskStatus task_status_from(std::string_view word);

[[nodiscard]] constexpr bool is_final(WorkflowStatus status) noexcept {
  return status >= WorkflowStatus::completed;
}
[[nodiscard]] constexpr bool is_final(TaskStatus status) noexcept {
  return status >= TaskStatus::completed;
}

}  // namespace cloacina
