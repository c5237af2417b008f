// What runs, and when: the beginning of an execution, its continuation, and waits that are over.
#include <algorithm>
#include <functional>
#include <utility>

#include "core/sabotage.hpp"
#include "engine/plan_step.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

}  // namespace

void PlanStep::on(Submitted) {
  if (state_.status != WorkflowStatus::pending) return;
  if (state_.start_after && *state_.start_after > now_) return;
  begin();
}

void PlanStep::on(Loaded) {
  if (state_.status == WorkflowStatus::pending) return on(Submitted{});
  if (state_.status != WorkflowStatus::running) return;
  if (past_deadline()) return time_out();
  evaluate_all();
}

void PlanStep::on(TimeDue) {
  if (state_.status == WorkflowStatus::pending) return on(Submitted{});
  if (state_.status != WorkflowStatus::running) return;
  if (past_deadline()) return time_out();
  start_due();
}

void PlanStep::on(StartHeld) {
  if (settings_.hold_starts) return;
  for (TaskIndex const index : std::exchange(state_.held, {})) start(index);
}

void PlanStep::on(StartAlone event) {
  if (std::erase(state_.held, event.task) > 0) run(event.task);
}

void PlanStep::begin() {
  state_.status = WorkflowStatus::running;
  state_.started_at = now_;
  auto const timeout = workflow_.timeout.value_or(settings_.workflow_timeout);
  if (timeout > 0ms) state_.deadline = now_ + timeout;
  write_execution();
  evaluate_all();
}

void PlanStep::evaluate_all() {
  for (TaskIndex i = 0; i < state_.tasks.size(); ++i) {
    if (state_.tasks[i].waiting_for == 0) resume(i);
  }
  tell_all_dependents();
  end_if_done();
}

void PlanStep::resume(TaskIndex index) {
  TaskState& task = state_.tasks[index];
  switch (task.status) {
    case TaskStatus::not_started:
      return decide(index);
    case TaskStatus::ready:
      // A wait that was stored stands, be it for a retry or after a crash (R9).
      return start_at(index, task.wake_at.value_or(now_));
    case TaskStatus::running:
      // A takeover leaves no such row. If there is one all the same, a promise not to run twice is
      // kept.
      if (workflow_.tasks[index].execution == ExecutionMode::at_least_once)
        return start_at(index, now_);
      fail(index, "outcome unknown: owner lost");
      return untold_.push_back(index);
    default:
      return;  // final, or deferred: it waits for something else
  }
}

void PlanStep::start_at(TaskIndex index, Instant when) {
  if (when <= now_) return start(index);
  state_.tasks[index].status = TaskStatus::ready;
  state_.tasks[index].wake_at = when;
  state_.waits.push_back({when, index});
  std::push_heap(state_.waits.begin(), state_.waits.end(), std::greater<>{});
}

// R9: once more under this task, and it has crashed too often. So that no neighbour is blamed, it
// runs alone.
void PlanStep::start(TaskIndex index) {
  TaskState& task = state_.tasks[index];
  static bool const never_alone = is_sabotaged("not_alone");  // what the trial poison must notice
  bool const has_more_chances = never_alone || task.crashes + 1 < settings_.max_crashes;
  if (!settings_.hold_starts && has_more_chances) return run(index);
  task.status = TaskStatus::ready;
  task.wake_at.reset();
  state_.held.push_back(index);
}

void PlanStep::run(TaskIndex index) {
  TaskState& task = state_.tasks[index];
  task.status = TaskStatus::running;
  task.started_at = now_;
  task.wake_at.reset();
  bool const marker_first =
      state_.takeovers > 0 || workflow_.tasks[index].execution == ExecutionMode::at_most_once;
  if (marker_first) write_task(index);
  act(Action::Kind::start_task, index);
}

void PlanStep::start_due() {
  auto& waits = state_.waits;
  while (!waits.empty() && waits.front().until <= now_) {
    std::pop_heap(waits.begin(), waits.end(), std::greater<>{});
    TaskIndex const task = waits.back().task;
    waits.pop_back();
    start(task);
  }
}

}  // namespace cloacina::engine
