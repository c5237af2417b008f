// The execution ends: all tasks are final, its time is over, or somebody cancels it.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/duration.hpp"
#include "core/outcome.hpp"
#include "engine/context_flow.hpp"
#include "engine/plan_step.hpp"

namespace cloacina::engine {
namespace {

/// Most executions end without a failure, and then nothing need be listed.
bool any_failed(ExecutionState const& state) noexcept {
  return std::any_of(state.tasks.begin(), state.tasks.end(),
                     [](TaskState const& task) { return task.status == TaskStatus::failed; });
}

std::vector<TaskOutcome> outcomes(ExecutionState const& state) {
  std::vector<TaskOutcome> all;
  all.reserve(state.tasks.size());
  for (TaskIndex i = 0; i < state.tasks.size(); ++i) {
    TaskState const& task = state.tasks[i];
    TaskDefinition const& definition = state.workflow->tasks[i];
    all.push_back({definition.id, task.status, task.attempt, task.error, &definition.trigger_rule});
  }
  return all;
}

}  // namespace

void PlanStep::on(CancelRequested&& event) {
  cancel_unfinished(event.reason);
  end(WorkflowStatus::cancelled, std::move(event.reason));
}

void PlanStep::time_out() {
  // The limit that was promised at the start, which need not be the one of the runner that goes on
  // with it.
  auto const limit = std::chrono::duration_cast<std::chrono::milliseconds>(
      *state_.deadline - state_.started_at.value_or(state_.created_at));
  std::string error =
      "timeout: not finished within the workflow's time limit of " + format_duration(limit);
  cancel_unfinished(error);
  end(WorkflowStatus::failed, std::move(error));
}

void PlanStep::end_if_done() {
  if (state_.unfinished > 0) return;
  if (!any_failed(state_)) return end(WorkflowStatus::completed, {});
  ExecutionOutcome outcome = outcome_of(outcomes(state_));
  end(outcome.status, std::move(outcome.error));
}

void PlanStep::cancel_unfinished(std::string const& reason) {
  for (TaskIndex i = 0; i < state_.tasks.size(); ++i) {
    TaskState const& task = state_.tasks[i];
    if (is_final(task.status)) continue;
    if (task.status == TaskStatus::running) {
      keep_attempt(i, TaskStatus::cancelled, reason);
      act(Action::Kind::stop_task, i);
    }
    close(i, TaskStatus::cancelled);
    // In topological order, so that each has its context before its turn: the final context takes
    // what they were given.
    for (TaskIndex const dependent : workflow_.dependents[i]) {
      if (--state_.tasks[dependent].waiting_for == 0) take_context(state_, dependent);
    }
  }
}

void PlanStep::end(WorkflowStatus status, std::string&& error) {
  state_.status = status;
  state_.error = std::move(error);
  state_.completed_at = now_;
  state_.waits.clear();
  state_.held.clear();
  state_.output = final_context(state_);
  write_execution();
  act(Action::Kind::finish);
}

}  // namespace cloacina::engine
