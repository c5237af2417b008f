#include <cloacina/detail/make_workflow.hpp>

#include "core/workflow_draft.hpp"

namespace cloacina::detail {

TaskDefinition make_task(TaskInfo const& info) {
  auto const& options = *info.options;
  TaskDefinition task;
  task.id = info.name;
  task.description = options.description;
  for (auto const& dependency : options.after) task.dependencies.emplace_back(dependency.name);
  task.reads.assign(options.reads.begin(), options.reads.end());
  task.writes.assign(options.writes.begin(), options.writes.end());
  for (auto const& key : options.merges) task.merges.emplace_back(key.info->name);
  task.retry = options.retry;
  task.timeout = options.timeout;
  task.trigger_rule = TriggerRule(options.trigger_rule);
  task.on_success = options.on_success;
  task.on_failure = options.on_failure;
  task.priority = options.priority;
  task.execution = options.execution;
  task.version = options.version;
  task.body = std::make_shared<TaskBody>(TaskBody{info.run, info.co_run});
  return task;
}

Workflow make_workflow(WorkflowInfo const& info) {
  auto const& options = *info.options;
  WorkflowDraft draft;
  draft.name = info.name;
  draft.description = options.description;
  for (auto const& tag : options.tags) draft.tags.emplace_back(tag.key, tag.value);
  draft.declared_version = options.version;
  draft.timeout = options.timeout;
  draft.inputs.assign(options.inputs.begin(), options.inputs.end());
  for (auto const& task : options.tasks) draft.tasks.push_back(make_task(*task.info));
  return finish(std::move(draft));
}

}  // namespace cloacina::detail
