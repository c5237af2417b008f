// A task ends: what is kept of it, whether it gets another attempt, and which others become possible.
#include <algorithm>
#include <utility>

#include "engine/context_flow.hpp"
#include "engine/plan_step.hpp"

namespace cloacina::engine {
namespace {

std::uint32_t attempts_allowed(TaskDefinition const& task) noexcept {
  if (task.execution == ExecutionMode::at_most_once) return 1;
  return std::max(task.retry.max_attempts, 1u);
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
  if (event.retryable && task->attempt < attempts_allowed(workflow_.tasks[event.task])) {
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
