#include "results.hpp"

#include <chrono>
#include <optional>
#include <string>

#include <cloacina/status.hpp>

#include "bindings.hpp"
#include "conversions.hpp"

namespace cloaca {
namespace {

using cloacina::ExecutionResult;
using cloacina::TaskResult;

py::object seconds_between(std::optional<cloacina::Instant> const& start,
                           std::optional<cloacina::Instant> const& end) {
  if (!start || !end) return py::none();
  return py::float_(std::chrono::duration<double>{*end - *start}.count());
}

py::object text_or_none(std::string const& text) {
  if (text.empty()) return py::none();
  return to_python(std::string_view{text});
}

py::dict tasks_of(ExecutionResult const& result) {
  py::dict tasks;
  for (auto const& task : result.tasks()) tasks[to_python(std::string_view{task.id})] = task;
  return tasks;
}

std::string repr_of_result(ExecutionResult const& result) {
  auto text = "WorkflowResult(status=" + std::string{to_string(result.status())} + ", error=";
  return text + (result.error().empty() ? "None" : result.error()) + ")";
}

}  // namespace

py::dict info_of(cloacina::ExecutionInfo const& info) {
  using namespace py::literals;
  return py::dict("execution_id"_a = info.id.to_string(), "workflow_name"_a = info.workflow,
                  "version"_a = info.version, "status"_a = std::string{to_string(info.status)},
                  "priority"_a = info.priority, "error_message"_a = text_or_none(info.error),
                  "idempotency_key"_a = text_or_none(info.idempotency_key),
                  "created_at"_a = iso_8601(info.created_at),
                  "start_after"_a = iso_or_none(info.start_after),
                  "started_at"_a = iso_or_none(info.started_at),
                  "completed_at"_a = iso_or_none(info.completed_at),
                  "duration"_a = seconds_between(info.started_at, info.completed_at));
}

void bind_results(py::module_& module) {
  py::class_<TaskResult>(module, "TaskResult", R"(What became of one task of an execution.

>>> with WorkflowBuilder("doc_task_result") as builder:
...     @task()
...     def load(context):
...         pass
>>> with DefaultRunner("sqlite::memory:") as runner:
...     result = runner.execute("doc_task_result").task_results["load"]
...     result.status, result.attempts, result.error
('Completed', 1, None)
)")
      .def_readonly("task_id", &TaskResult::id)
      .def_property_readonly(
          "status", [](TaskResult const& task) { return std::string{to_string(task.status)}; })
      .def_readonly("attempts", &TaskResult::attempts, "Bodies that were started.")
      .def_readonly("crashes", &TaskResult::crashes, "Processes that died under it.")
      .def_property_readonly("error",
                             [](TaskResult const& task) { return text_or_none(task.error); })
      .def_property_readonly("skip_reason",
                             [](TaskResult const& task) { return text_or_none(task.skip_reason); })
      .def_property_readonly("started_at",
                             [](TaskResult const& task) { return iso_or_none(task.started); })
      .def_property_readonly("completed_at",
                             [](TaskResult const& task) { return iso_or_none(task.completed); })
      .def("__repr__", [](TaskResult const& task) {
        return "TaskResult(task_id='" + task.id +
               "', status=" + std::string{to_string(task.status)} + ")";
      });

  py::class_<ExecutionResult>(module, "WorkflowResult",
                              R"(How an execution ended, with everything it left behind.

A notebook draws it.

>>> with WorkflowBuilder("doc_result") as builder:
...     @task(retry_attempts=1)
...     def load(context):
...         raise OSError("no such file")
>>> with DefaultRunner("sqlite::memory:") as runner:
...     result = runner.execute("doc_result", {"file": "a.csv"})
>>> result.status, result.final_context.to_dict(), "no such file" in result.error_message
('Failed', {'file': 'a.csv'}, True)
)")
      .def_property_readonly(
          "status",
          [](ExecutionResult const& result) { return std::string{to_string(result.status())}; },
          "\"Completed\", \"Failed\" or \"Cancelled\".")
      .def_property_readonly(
          "start_time",
          [](ExecutionResult const& result) { return iso_or_none(result.started_at()); },
          "ISO 8601; None if nothing started.")
      .def_property_readonly(
          "end_time", [](ExecutionResult const& result) { return iso_8601(result.completed_at()); },
          "ISO 8601.")
      .def_property_readonly(
          "duration",
          [](ExecutionResult const& result) {
            return std::chrono::duration<double>{result.duration()}.count();
          },
          "Seconds from the first start to the end.")
      .def_property_readonly("final_context",
                             [](ExecutionResult const& result) { return result.context(); })
      .def_property_readonly(
          "error_message",
          [](ExecutionResult const& result) { return text_or_none(result.error()); },
          "Which tasks failed and why; None if it completed.")
      .def_property_readonly("execution_id",
                             [](ExecutionResult const& result) { return result.id().to_string(); })
      .def_property_readonly("workflow_name", &ExecutionResult::workflow)
      .def_property_readonly("workflow_version", &ExecutionResult::version)
      .def_property_readonly("task_results", &tasks_of, "TaskResult by task id, in order.")
      .def("to_mermaid", &ExecutionResult::to_mermaid,
           "A flowchart with the state, attempts and duration of each task.")
      .def("to_dot", &ExecutionResult::to_dot, "The same for Graphviz.")
      .def("__repr__", &repr_of_result);
}

}  // namespace cloaca
