#include "engine/load.hpp"

#include <string>
#include <utility>

#include <cloacina/error.hpp>

#include "core/trigger_rules.hpp"
#include "engine/context_flow.hpp"

namespace cloacina::engine {
namespace {

[[noreturn]] void refuse(ExecutionState const& state, std::string const& task,
                         std::string const& what) {
  throw ValidationError("the stored row of task '" + task + "' of execution " +
                            state.id.to_string() + " does not fit workflow '" +
                            state.workflow->name + "' (version " + state.workflow->version +
                            "): " + what,
                        task);
}

/// Like `Context::from_json`, but what is wrong is said of the execution.
Context stored_context(ExecutionState const& state, std::string const& text,
                       std::string const& column) {
  try {
    return Context::from_json(text);
  } catch (Error const& error) {
    throw ValidationError("the stored " + column + " of execution " + state.id.to_string() +
                          " cannot be read: " + error.what());
  }
}

detail::ContextDelta stored_delta(ExecutionState const& state, dal::TaskRow const& row) {
  if (!row.delta || row.delta->empty()) return {};
  try {
    return detail::ContextDelta::from_json(*row.delta);
  } catch (Error const& error) {
    refuse(state, row.task, std::string("its delta cannot be read: ") + error.what());
  }
}

void fill(ExecutionState& state, dal::TaskRow const& row) {
  auto const index = state.workflow->index_of(row.task);
  if (!index) refuse(state, row.task, "the workflow has no such task");
  TaskState& task = state.tasks[*index];
  if (task.has_row) refuse(state, row.task, "there are two rows of it");
  if (row.attempt == 0) refuse(state, row.task, "attempt is 0; attempts are counted from 1");
  task.has_row = true;
  task.status = row.status;
  task.attempt = row.attempt;
  task.crashes = row.crashes;
  task.started_at = row.started_at;
  task.completed_at = row.completed_at;
  task.error = row.error.value_or("");
  task.skip_reason = row.skip_reason.value_or("");
  task.skipped_by_failure = row.status == TaskStatus::skipped && tells_of_failure(task.skip_reason);
  if (row.status == TaskStatus::ready) task.wake_at = row.wake_at;
  if (row.status == TaskStatus::completed) task.delta = stored_delta(state, row);
}

/// No task may be further than its dependencies allow, or contexts could not be derived.
void check_order(ExecutionState const& state) {
  auto const& workflow = *state.workflow;
  for (TaskIndex i = 0; i < state.tasks.size(); ++i) {
    if (state.tasks[i].status == TaskStatus::not_started) continue;
    for (TaskIndex const dependency : workflow.dependencies[i]) {
      TaskStatus const status = state.tasks[dependency].status;
      if (is_final(status)) continue;
      refuse(state, workflow.tasks[i].id,
             "it is " + std::string(to_string(state.tasks[i].status)) +
                 " although its dependency '" + workflow.tasks[dependency].id + "' is " +
                 std::string(to_string(status)));
    }
  }
}

}  // namespace

ExecutionState restore(dal::ExecutionRow const& execution, std::vector<dal::TaskRow> const& tasks,
                       std::shared_ptr<detail::WorkflowData const> workflow) {
  ExecutionState state;
  state.id = execution.id;
  state.workflow = std::move(workflow);
  state.status = execution.status;
  state.priority = execution.priority;
  state.takeovers = execution.takeovers;
  state.input = stored_context(state, execution.input, "input");
  state.created_at = execution.created_at;
  state.start_after = execution.start_after;
  state.started_at = execution.started_at;
  state.completed_at = execution.completed_at;
  state.deadline = execution.deadline;
  if (execution.output) state.output = stored_context(state, *execution.output, "output");
  state.error = execution.error.value_or("");
  state.tasks.resize(state.workflow->tasks.size());
  for (dal::TaskRow const& row : tasks) fill(state, row);
  check_order(state);
  derive_contexts(state);
  return state;
}

}  // namespace cloacina::engine
