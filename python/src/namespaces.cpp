#include <cloacina/error.hpp>
#include <cloacina/task_namespace.hpp>

#include <pybind11/operators.h>

#include "bindings.hpp"
#include "conversions.hpp"

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

std::string repr_of_name(TaskNamespace const& name) {
  return "TaskNamespace('" + name.tenant() + "', '" + name.package() + "', '" + name.workflow() +
         "', '" + name.task() + "')";
}

}  // namespace

void bind_namespaces(py::module_& module) {
  py::class_<TaskNamespace>(module, "TaskNamespace",
                            R"(The full name of a task: tenant::package::workflow::task.

>>> name = TaskNamespace.from_string("public::embedded::orders::load")
>>> name.task_id, name == TaskNamespace("public", "embedded", "orders", "load")
('load', True)
)")
      .def(py::init<std::string, std::string, std::string, std::string>(), py::arg("tenant_id"),
           py::arg("package_name"), py::arg("workflow_id"), py::arg("task_id"))
      .def_static("from_string", &from_string, py::arg("value"),
                  "Reads what str() gives; ValueError for anything else.")
      .def_property_readonly("tenant_id", &TaskNamespace::tenant)
      .def_property_readonly("package_name", &TaskNamespace::package)
      .def_property_readonly("workflow_id", &TaskNamespace::workflow)
      .def_property_readonly("task_id", &TaskNamespace::task)
      .def("parent", &TaskNamespace::parent, "The name of the workflow.")
      .def("is_child_of", &TaskNamespace::is_child_of, py::arg("parent"),
           "Whether this is a task and `parent` is its workflow.")
      .def("is_sibling_of", &TaskNamespace::is_sibling_of, py::arg("other"),
           "Whether both are tasks of one workflow, and not the same one.")
      .def("__str__", &TaskNamespace::to_string)
      .def("__repr__", &repr_of_name)
      .def(py::self == py::self)
      .def("__hash__", [](TaskNamespace const& name) { return std::hash<TaskNamespace>{}(name); })
      .def("__reduce__", [](TaskNamespace const& name) {
        return py::make_tuple(
            py::type::of<TaskNamespace>(),
            py::make_tuple(name.tenant(), name.package(), name.workflow(), name.task()));
      });
}

}  // namespace cloaca
