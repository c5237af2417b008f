// A task ends: what is kept of it, whether it gets another attempt, and which others become
// possible.
#include <utility>

#include "core/assert.hpp"
#include "core/trigger_rules.hpp"
#include "engine/context_flow.hpp"
#include "engine/plan_step.hpp"

namespace cloacina::engine {
namespace {

/// The first dependency that keeps a task with the default rule from running.
std::optional<TaskIndex> failed_dependency(ExecutionState const& state, TaskIndex task) noexcept {
  for (TaskIndex const dependency : state.workflow->dependencies[task]) {
    TaskState const& of = state.tasks[dependency];
    if (hands_on_failure(of.status, of.skipped_by_failure)) return dependency;
  }
  return std::nullopt;
}

bool rule_holds(TriggerRule const& rule, ExecutionState const& state, TaskIndex task) {
  Context const& given = state.tasks[task].context.values();
  auto const status_of = [&state](std::string_view id) {
    auto const index = state.workflow->index_of(id);
    CLOACINA_ASSERT(index, "a trigger rule names a task that the workflow does not have");
    return state.tasks[*index].status;
  };
  return rule.holds(status_of, [&given](std::string_view key) { return given.find(key); });
}

}  // namespace

TaskState* PlanStep::running(TaskIndex index, std::uint32_t attempt) noexcept {
  if (index >= state_.tasks.size()) return nullptr;
  TaskState& task = state_.tasks[index];
  return task.status == TaskStatus::running && task.attempt == attempt ? &task : nullptr;
}

void PlanStep::on(TaskSucceeded&& event) {
  TaskState* task = running(event.task, event.attempt);
  if (task == nullptr) return;
  task->context.apply(event.task, event.delta);
  task->delta = std::move(event.delta);
  task->delta_text = std::move(event.delta_text);
  close(event.task, TaskStatus::completed);
  tell_dependents(event.task);
  tell_all_dependents();
  end_if_done();
}

void PlanStep::on(TaskFailed&& event) {
  TaskState* task = running(event.task, event.attempt);
  if (task == nullptr) return;
  if (event.retryable && task->attempt < workflow_.tasks[event.task].retry.max_attempts) {
    keep_attempt(event.task, TaskStatus::failed, event.error);
    task->error = std::move(event.error);
    return retry(event.task);
  }
  fail(event.task, std::move(event.error));
  tell_dependents(event.task);
  tell_all_dependents();
  end_if_done();
}

void PlanStep::retry(TaskIndex index) {
  TaskState& task = state_.tasks[index];
  RetryPolicy const& policy = workflow_.tasks[index].retry;
  double const random = policy.jitter && settings_.random ? settings_.random() : 0.5;
  ++task.attempt;
  task.started_at.reset();  // this attempt has not begun; the ended one keeps its own times
  write_task(index);
  start_at(index, now_ + delay_before(task.attempt, policy, random));
}

void PlanStep::fail(TaskIndex index, std::string&& error) {
  keep_attempt(index, TaskStatus::failed, error);
  state_.tasks[index].error = std::move(error);
  close(index, TaskStatus::failed);
}

void PlanStep::keep_attempt(TaskIndex index, TaskStatus status, std::string const& error) {
  TaskState const& task = state_.tasks[index];
  state_.ended_attempts.push_back({index, task.attempt, status, error, task.started_at, now_});
}

void PlanStep::close(TaskIndex index, TaskStatus status) {
  TaskState& task = state_.tasks[index];
  task.status = status;
  task.completed_at = now_;
  task.wake_at.reset();
  --state_.unfinished;
  write_task(index);
  act(Action::Kind::task_final, index);
}

void PlanStep::decide(TaskIndex index) {
  TriggerRule const& rule = workflow_.tasks[index].trigger_rule;
  if (rule.is_default()) {
    auto const failed = failed_dependency(state_, index);
    if (!failed) return start(index);
    state_.tasks[index].skip_reason = upstream_failed(workflow_.tasks[*failed].id);
    state_.tasks[index].skipped_by_failure = true;
  } else {
    if (rule_holds(rule, state_, index)) return start(index);
    state_.tasks[index].skip_reason = rule_does_not_hold(rule);
  }
  close(index, TaskStatus::skipped);
  untold_.push_back(index);
}

void PlanStep::tell_dependents(TaskIndex index) {
  for (TaskIndex const dependent : workflow_.dependents[index]) {
    if (--state_.tasks[dependent].waiting_for > 0) continue;
    take_context(state_, dependent);
    decide(dependent);
  }
}

void PlanStep::tell_all_dependents() {
  for (std::size_t next = 0; next < untold_.size(); ++next) tell_dependents(untold_[next]);
  untold_.clear();
}

}  // namespace cloacina::engine
