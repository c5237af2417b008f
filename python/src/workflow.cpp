#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <pybind11/stl.h>

#include <cloacina/error.hpp>
#include <cloacina/workflow.hpp>

#include "bindings.hpp"
#include "body.hpp"
#include "context.hpp"
#include "conversions.hpp"
#include "retry.hpp"

namespace cloaca {
namespace {

using cloacina::Context;
using cloacina::TaskSettings;
using cloacina::Workflow;

/// A callback of a task. What it raises is logged by the engine and changes nothing.
template <class... Arguments>
auto callback(py::object function) {
  return [kept = Kept{std::move(function)}](Arguments... arguments) {
    Gil const gil;
    until_the_end([&] {
      try {
        kept.get()(py::cast(arguments)...);
      } catch (py::error_already_set& error) {
        // The exception must not cross to a thread without the lock.
        throw cloacina::TaskError{describe(error).summary};
      }
    });
  };
}

TaskSettings settings_of(py::dict const& plain, OwnedPolicy const& retry) {
  TaskSettings settings;
  settings.after = plain["dependencies"].cast<std::vector<std::string>>();
  settings.retry = retry.view();
  if (py::object const timeout = plain["timeout_ms"]; !timeout.is_none())
    settings.timeout = std::chrono::milliseconds{timeout.cast<std::int64_t>()};
  if (py::object const rule = plain["trigger_rule"]; !rule.is_none())
    settings.trigger_rule = cloacina::TriggerRule::from_json(to_json("trigger_rules", rule));
  if (py::object const call = plain["on_success"]; !call.is_none())
    settings.on_success = callback<std::string_view, Context const&>(call);
  if (py::object const call = plain["on_failure"]; !call.is_none())
    settings.on_failure = callback<std::string_view, std::string_view, Context const&>(call);
  settings.priority = plain["priority"].cast<std::int16_t>();
  if (plain["at_most_once"].cast<bool>()) settings.execution = cloacina::at_most_once;
  settings.version = plain["version"].cast<std::uint32_t>();
  settings.description = plain["description"].cast<std::string>();
  settings.body_hash = plain["body_hash"].cast<std::string>();
  return settings;
}

void add_task(cloacina::WorkflowBuilder& builder, py::dict const& plain) {
  auto id = plain["id"].cast<std::string>();
  auto body = std::make_shared<PythonBody>();
  body->task = id;
  body->function = Kept{plain["function"]};
  body->wants_handle = plain["wants_handle"].cast<bool>();
  body->retry = policy_of(plain["retry"]);
  auto settings = settings_of(plain, body->retry);
  auto const is_async = plain["is_async"].cast<bool>();
  builder.task(std::move(id), std::move(settings),
               is_async ? asynchronous_body(std::move(body)) : synchronous_body(std::move(body)));
}

/// From the plain values of `cloaca._tasks`.
Workflow build(std::string name, std::string description, py::dict const& tags,
               py::list const& tasks) {
  cloacina::WorkflowBuilder builder{std::move(name)};
  builder.description(std::move(description));
  for (auto const& [key, value] : tags)
    builder.tag(std::string{text_of("tag key", key)}, std::string{text_of("tag value", value)});
  for (auto const& task : tasks) add_task(builder, py::reinterpret_borrow<py::dict>(task));
  return builder.build();
}

py::dict tags_of(Workflow const& workflow) {
  py::dict tags;
  for (auto const& [key, value] : workflow.tags())
    tags[to_python(std::string_view{key})] = to_python(std::string_view{value});
  return tags;
}

}  // namespace

void bind_workflow(py::module_& module) {
  // Its copies may be dropped by any thread: what they hold of Python is `Kept`.
  py::class_<Workflow>(module, "Workflow")
      .def_property_readonly("name", &Workflow::name)
      .def_property_readonly("version", &Workflow::version)
      .def_property_readonly("description", &Workflow::description)
      .def_property_readonly("tags", &tags_of)
      .def_property_readonly("tasks", &Workflow::tasks)
      .def("dependencies", &Workflow::dependencies, py::arg("task_id"))
      .def("topological_sort", &Workflow::topological_sort)
      .def("execution_levels", &Workflow::execution_levels)
      .def("roots", &Workflow::roots)
      .def("leaves", &Workflow::leaves)
      .def("validate", &Workflow::validate)
      .def("to_mermaid", &Workflow::to_mermaid)
      .def("to_dot", &Workflow::to_dot);
  module.def("build_workflow", &build, py::arg("name"), py::arg("description"), py::arg("tags"),
             py::arg("tasks"));
}

}  // namespace cloaca
