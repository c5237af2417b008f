#include "engine/result.hpp"

#include <cloacina/error.hpp>

#include "dal/task_executions.hpp"
#include "dal/workflow_definitions.hpp"

#include "engine/completion.hpp"

namespace cloacina {
namespace engine {
namespace {

std::uint32_t attempts_made(TaskStatus status, std::uint32_t attempt, bool started) noexcept {
  switch (status) {
    case TaskStatus::not_started:
    case TaskStatus::skipped:
      return 0;
    case TaskStatus::ready:
      return attempt - 1;
    case TaskStatus::cancelled:
      return started ? attempt : attempt - 1;
    default:
      return attempt;
  }
}

// Results list tasks as the author did; the engine keeps them in topological order.
std::vector<std::size_t> listed_position(detail::WorkflowData const& workflow) {
  std::vector<std::size_t> position(workflow.tasks.size());
  for (std::size_t i = 0; i < workflow.listed.size(); ++i) position[workflow.listed[i]] = i;
  return position;
}

void describe_graph(ExecutionResult::Data& data, detail::WorkflowData const& workflow) {
  auto const position = listed_position(workflow);
  data.tasks.resize(workflow.tasks.size());
  data.dependencies.resize(workflow.tasks.size());
  for (std::size_t t = 0; t < workflow.tasks.size(); ++t) {
    data.tasks[position[t]].id = workflow.tasks[t].id;
    for (auto const d : workflow.dependencies[t])
      data.dependencies[position[t]].push_back(position[d]);
  }
}

}  // namespace

ExecutionResult make_result(ExecutionState&& state) {
  auto data = std::make_shared<ExecutionResult::Data>();
  auto const& workflow = *state.workflow;
  data->id = state.id;
  data->workflow = workflow.name;
  data->version = workflow.version;
  data->status = state.status;
  data->error = std::move(state.error);
  data->context = std::move(state.output);
  data->started_at = state.started_at;
  data->completed_at = state.completed_at.value_or(state.created_at);
  describe_graph(*data, workflow);
  auto const position = listed_position(workflow);
  for (std::size_t t = 0; t < state.tasks.size(); ++t) {
    auto& from = state.tasks[t];
    auto& to = data->tasks[position[t]];
    to.status = from.status;
    to.attempts = attempts_made(from.status, from.attempt, from.started_at.has_value());
    to.crashes = from.crashes;
    to.error = std::move(from.error);
    to.skip_reason = std::move(from.skip_reason);
    to.started = from.started_at;
    to.completed = from.completed_at;
  }
  return ExecutionResult{std::move(data)};
}

ExecutionResult make_result(dal::ExecutionRow const& row, std::vector<dal::TaskRow> const& tasks,
                            Workflow const& workflow) {
  auto data = std::make_shared<ExecutionResult::Data>();
  data->id = row.id;
  data->workflow = row.workflow;
  data->version = row.version;
  data->status = row.status;
  data->error = row.error.value_or("");
  data->context = Context::from_json(row.output ? *row.output : row.input);
  data->started_at = row.started_at;
  data->completed_at = row.completed_at.value_or(row.created_at);
  describe_graph(*data, workflow.data());
  auto const position = listed_position(workflow.data());
  for (auto const& from : tasks) {
    auto const index = workflow.data().index_of(from.task);
    if (!index) continue;  // of an earlier version; the definition at hand does not draw it
    auto& to = data->tasks[position[*index]];
    to.status = from.status;
    to.attempts = attempts_made(from.status, from.attempt, from.started_at.has_value());
    to.crashes = from.crashes;
    to.error = from.error.value_or("");
    to.skip_reason = from.skip_reason.value_or("");
    to.started = from.started_at;
    to.completed = from.completed_at;
  }
  return ExecutionResult{std::move(data)};
}

ExecutionResult load_result(backend::Session& session, dal::ExecutionRow const& row) {
  auto const definition = dal::find_definition(session, row.workflow, row.version);
  if (!definition) {
    throw BackendError{"the definition of workflow '" + row.workflow + "' version " + row.version +
                           ", with which execution " + row.id.to_string() + " ran, is not stored",
                       "", row.id.to_string()};
  }
  return make_result(row, dal::tasks_of(session, row.id), Workflow::from_json(*definition));
}

void Completion::fulfil(ExecutionState&& state) {
  {
    std::lock_guard lock{mutex_};
    if (end_.index() != 0) return;
    end_ = std::make_unique<ExecutionState>(std::move(state));
  }
  signal_.set();
}

void Completion::fulfil(ExecutionResult result) {
  {
    std::lock_guard lock{mutex_};
    if (end_.index() != 0) return;
    end_ = std::move(result);
  }
  signal_.set();
}

void Completion::fail(std::exception_ptr error) {
  {
    std::lock_guard lock{mutex_};
    if (end_.index() != 0) return;
    end_ = std::move(error);
  }
  signal_.set();
}

ExecutionResult Completion::result() {
  std::lock_guard lock{mutex_};
  if (auto* error = std::get_if<std::exception_ptr>(&end_)) std::rethrow_exception(*error);
  if (auto* state = std::get_if<std::unique_ptr<ExecutionState>>(&end_))
    end_ = make_result(std::move(**state));
  return std::get<ExecutionResult>(end_);
}

}  // namespace engine
}  // namespace cloacina
