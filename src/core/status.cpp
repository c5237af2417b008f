#include <cloacina/runner_info.hpp>
#include <cloacina/status.hpp>

#include "core/words.hpp"

namespace cloacina {
namespace {

constexpr std::array<std::string_view, 6> workflow_words{"Pending",   "Running", "Paused",
                                                         "Completed", "Failed",  "Cancelled"};
constexpr std::array<std::string_view, 8> task_words{
    "NotStarted", "Ready", "Running", "Deferred", "Completed", "Failed", "Skipped", "Cancelled"};
constexpr std::array<std::string_view, 4> runner_words{"alive", "overdue", "stopped", "dead"};

}  // namespace

std::string_view to_string(WorkflowStatus status) noexcept {
  return word_of(status, workflow_words);
}
std::string_view to_string(TaskStatus status) noexcept { return word_of(status, task_words); }

std::string_view to_string(RunnerState state) noexcept { return word_of(state, runner_words); }

WorkflowStatus workflow_status_from(std::string_view word) {
  return enum_from<WorkflowStatus>("workflow status", word, workflow_words);
}

TaskStatus task_status_from(std::string_view word) {
  return enum_from<TaskStatus>("task status", word, task_words);
}

RunnerState runner_state_from(std::string_view word) {
  return enum_from<RunnerState>("runner state", word, runner_words);
}

}  // namespace cloacina
