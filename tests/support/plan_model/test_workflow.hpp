// Workflows for tests, written as lists of tasks and made without the authoring layer.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cloacina/workflow.hpp>

namespace cloacina::engine::test {

struct TestTask {
  std::string id{};
  std::vector<std::string> after{};  ///< ids of tasks that stand before this one
  TriggerRule rule{};
  std::uint32_t max_attempts = 1;
  std::chrono::milliseconds retry_delay{1000};  ///< the same before each attempt
  ExecutionMode execution = ExecutionMode::at_least_once;
  bool callback = false;  ///< has an `on_success` that does nothing
};

inline TaskDefinition define(TestTask const& task) {
  TaskDefinition definition;
  definition.id = task.id;
  definition.dependencies = task.after;
  definition.trigger_rule = task.rule;
  definition.retry.max_attempts = task.max_attempts;
  definition.retry.initial_delay = task.retry_delay;
  definition.retry.max_delay = std::max(definition.retry.max_delay, task.retry_delay);
  definition.retry.backoff = Backoff::fixed;
  definition.retry.jitter = false;
  definition.execution = task.execution;
  if (task.callback) definition.on_success = [](std::string_view, Context const&) {};
  return definition;
}

/// `tasks` must stand in topological order.
inline std::shared_ptr<detail::WorkflowData const> make_workflow(
    std::vector<TestTask> const& tasks,
    std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
  auto data = std::make_shared<detail::WorkflowData>();
  data->name = "tested";
  data->version = "0123456789abcdef";
  data->timeout = timeout;
  data->dependents.resize(tasks.size());
  for (TaskIndex i = 0; i < tasks.size(); ++i) {
    data->tasks.push_back(define(tasks[i]));
    data->listed.push_back(i);
    auto& dependencies = data->dependencies.emplace_back();
    for (std::string const& id : tasks[i].after) {
      auto const found = std::find_if(tasks.begin(), tasks.end(),
                                      [&](TestTask const& task) { return task.id == id; });
      auto const dependency = static_cast<TaskIndex>(found - tasks.begin());
      dependencies.push_back(dependency);
      data->dependents[dependency].push_back(i);
    }
  }
  return data;
}

}  // namespace cloacina::engine::test
