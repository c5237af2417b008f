#include "core/outcome.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace cloacina {
namespace {

/// Errors may be long and failed tasks many; the rows hold them all.
constexpr std::size_t most_named = 10;

std::unordered_set<std::string_view> handled_failures(std::span<TaskOutcome const> tasks) {
  std::unordered_set<std::string_view> handled;
  for (TaskOutcome const& task : tasks) {
    if (task.status != TaskStatus::completed || task.rule == nullptr) continue;
    for (TriggerRule::Node const& node : task.rule->nodes()) {
      if (node.kind == when::Kind::failed) handled.insert(node.name);
    }
  }
  return handled;
}

std::string failure_sentence(TaskOutcome const& task) {
  std::string sentence =
      "task '" + std::string(task.id) + "' failed after " + std::to_string(task.attempts);
  sentence += task.attempts == 1 ? " attempt" : " attempts";
  if (!task.error.empty()) sentence.append(": ").append(task.error);
  return sentence;
}

/// ", 4 completed", or nothing for none.
std::string count_of(std::span<TaskOutcome const> tasks, TaskStatus status, char const* word) {
  auto const count = std::count_if(tasks.begin(), tasks.end(),
                                   [&](TaskOutcome const& task) { return task.status == status; });
  return count == 0 ? std::string() : ", " + std::to_string(count) + " " + word;
}

}  // namespace

ExecutionOutcome outcome_of(std::span<TaskOutcome const> tasks) {
  auto const handled = handled_failures(tasks);
  std::vector<TaskOutcome const*> failed;
  for (TaskOutcome const& task : tasks) {
    if (task.status == TaskStatus::failed && !handled.contains(task.id)) failed.push_back(&task);
  }
  if (failed.empty()) return {};

  ExecutionOutcome outcome{WorkflowStatus::failed, {}};
  for (std::size_t i = 0; i < std::min(failed.size(), most_named); ++i) {
    if (i > 0) outcome.error += "; ";
    outcome.error += failure_sentence(*failed[i]);
  }
  if (failed.size() > most_named) {
    outcome.error += "; and " + std::to_string(failed.size() - most_named) + " more failed";
  }
  std::string const counts = count_of(tasks, TaskStatus::completed, "completed") +
                             count_of(tasks, TaskStatus::skipped, "skipped") +
                             count_of(tasks, TaskStatus::cancelled, "cancelled");
  if (!counts.empty()) outcome.error += "; " + counts.substr(2);
  return outcome;
}

}  // namespace cloacina
