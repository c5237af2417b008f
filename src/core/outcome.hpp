#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <cloacina/status.hpp>
#include <cloacina/trigger_rule.hpp>

namespace cloacina {

/// What became of one task, all that the end of an execution depends on. Points to what the caller
/// keeps.
struct TaskOutcome {
  std::string_view id{};
  TaskStatus status = TaskStatus::completed;  ///< final
  std::uint32_t attempts = 1;                 ///< of a failed one
  std::string_view error{};                   ///< of a failed one
  TriggerRule const* rule = nullptr;
};

/// How an execution ends: Completed, or Failed with the sentence that says why.
struct ExecutionOutcome {
  WorkflowStatus status = WorkflowStatus::completed;
  std::string error;
};

/// Failed, if a task Failed and nobody handled it; a task whose rule names `task_failed(t)` handles
/// t when it Completed.
///
/// The error names at most ten failed tasks: "task 'load' failed after 3 attempts: disk full; 4
/// completed, 2 skipped". Pure; linear in tasks and rules.
[[nodiscard]] ExecutionOutcome outcome_of(std::span<TaskOutcome const> tasks);

}  // namespace cloacina
