#include <cloacina/error.hpp>
#include <cloacina/task_namespace.hpp>

#include <pybind11/operators.h>

#include "bindings.hpp"
#include "conversions.hpp"
#include "refusal.hpp"

namespace cloaca {
namespace {

using cloacina::TaskNamespace;

TaskNamespace from_string(py::handle value) {
  auto const text = text_of("value", value);
  try {
    return TaskNamespace::parse(text);
  } catch (cloacina::Error const& error) {
    throw py::value_error(std::string{"Invalid namespace format: "} + error.what());
  }
}

TaskNamespace from_parts(py::handle tenant, py::handle package, py::handle workflow,
                         py::handle task) {
  return {std::string{text_of("tenant_id", tenant)}, std::string{text_of("package_name", package)},
          std::string{text_of("workflow_id", workflow)}, std::string{text_of("task_id", task)}};
}

TaskNamespace const& name_of(char const* what, py::handle value) {
  if (!py::isinstance<TaskNamespace>(value))
    throw py::type_error(std::string{what} + ": expected TaskNamespace, got " + type_name(value));
  return py::cast<TaskNamespace const&>(value);
}

py::tuple parts_of(TaskNamespace const& name) {
  return py::make_tuple(name.tenant(), name.package(), name.workflow(), name.task());
}

std::string repr_of_name(TaskNamespace const& name) {
  return "TaskNamespace" + std::string{py::repr(parts_of(name))};
}

}  // namespace

void bind_namespaces(py::module_& module) {
  py::class_<TaskNamespace> bound(module, "TaskNamespace",
                                  R"(The full name of a task: tenant::package::workflow::task.

>>> name = TaskNamespace.from_string("public::embedded::orders::load")
>>> name.task_id, name == TaskNamespace("public", "embedded", "orders", "load")
('load', True)
)");
  bound
      .def(py::init(&from_parts), py::arg("tenant_id"), py::arg("package_name"),
           py::arg("workflow_id"), py::arg("task_id"))
      .def_static("from_string", &from_string, py::arg("value"),
                  "Reads what str() gives; ValueError for anything else.")
      .def_property_readonly("tenant_id", &TaskNamespace::tenant)
      .def_property_readonly("package_name", &TaskNamespace::package)
      .def_property_readonly("workflow_id", &TaskNamespace::workflow)
      .def_property_readonly("task_id", &TaskNamespace::task)
      .def("parent", &TaskNamespace::parent, "The name of the workflow.")
      .def(
          "is_child_of",
          [](TaskNamespace const& name, py::handle parent) {
            return name.is_child_of(name_of("parent", parent));
          },
          py::arg("parent"), "Whether this is a task and `parent` is its workflow.")
      .def(
          "is_sibling_of",
          [](TaskNamespace const& name, py::handle other) {
            return name.is_sibling_of(name_of("other", other));
          },
          py::arg("other"), "Whether both are tasks of one workflow, and not the same one.")
      .def("__str__", &TaskNamespace::to_string)
      .def("__repr__", &repr_of_name)
      .def(py::self == py::self)
      .def("__hash__", [](TaskNamespace const& name) { return std::hash<TaskNamespace>{}(name); })
      .def("__reduce__", [](TaskNamespace const& name) {
        return py::make_tuple(py::type::of<TaskNamespace>(), parts_of(name));
      });
  refuse_other_arguments(bound, "TaskNamespace",
                         {{"__init__", "(tenant_id, package_name, workflow_id, task_id)"},
                          {"parent", "()"},
                          {"is_child_of", "(parent)"},
                          {"is_sibling_of", "(other)"}});
}

}  // namespace cloaca
