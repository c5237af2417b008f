#include <cloacina/workflow_builder.hpp>

#include <algorithm>

#include "core/owned_texts.hpp"
#include "core/workflow_draft.hpp"

namespace cloacina {

struct WorkflowBuilder::Impl {
  WorkflowDraft draft;
};

WorkflowBuilder::WorkflowBuilder(std::string name) : impl_(std::make_unique<Impl>()) {
  impl_->draft.name = std::move(name);
}
WorkflowBuilder::WorkflowBuilder(WorkflowBuilder&&) noexcept = default;
WorkflowBuilder& WorkflowBuilder::operator=(WorkflowBuilder&&) noexcept = default;
WorkflowBuilder::~WorkflowBuilder() = default;

WorkflowBuilder& WorkflowBuilder::description(std::string text) {
  impl_->draft.description = std::move(text);
  return *this;
}

WorkflowBuilder& WorkflowBuilder::tag(std::string key, std::string value) {
  auto& tags = impl_->draft.tags;
  auto const known =
      std::find_if(tags.begin(), tags.end(), [&](auto const& tag) { return tag.first == key; });
  if (known == tags.end())
    tags.emplace_back(std::move(key), std::move(value));
  else
    known->second = std::move(value);
  return *this;
}

WorkflowBuilder& WorkflowBuilder::version(std::uint32_t number) {
  impl_->draft.declared_version = number;
  return *this;
}

WorkflowBuilder& WorkflowBuilder::timeout(std::chrono::milliseconds limit) {
  impl_->draft.timeout = limit;
  return *this;
}

WorkflowBuilder& WorkflowBuilder::input(KeyUse key) {
  impl_->draft.inputs.push_back(std::move(key));
  return *this;
}

WorkflowBuilder& WorkflowBuilder::task(std::string id, TaskSettings settings, TaskFunction body) {
  TaskDefinition task;
  task.id = std::move(id);
  task.description = std::move(settings.description);
  task.dependencies = std::move(settings.after);
  task.reads = std::move(settings.reads);
  task.writes = std::move(settings.writes);
  for (auto& key : settings.merges) task.merges.push_back(std::move(key.name));
  task.retry = own_texts(settings.retry, impl_->draft.owned);
  task.timeout = settings.timeout;
  task.trigger_rule = std::move(settings.trigger_rule);
  task.on_success = std::move(settings.on_success);
  task.on_failure = std::move(settings.on_failure);
  task.priority = settings.priority;
  task.execution = settings.execution;
  task.version = settings.version;
  task.body_hash = std::move(settings.body_hash);
  task.body = body.body();
  return add(std::move(task));
}

WorkflowBuilder& WorkflowBuilder::add(TaskDefinition task) {
  impl_->draft.tasks.push_back(std::move(task));
  return *this;
}

Workflow WorkflowBuilder::build() const { return finish(impl_->draft); }

}  // namespace cloacina
