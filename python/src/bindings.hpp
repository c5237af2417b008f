#pragma once

#include "gil.hpp"

namespace cloaca {

// One for each source that adds names to the module; `module.cpp` calls them in this order.
void bind_context(py::module_& module);
void bind_namespaces(py::module_& module);
void bind_retry(py::module_& module);
void bind_workflow(py::module_& module);
void bind_body(py::module_& module);
void bind_async_call(py::module_& module);
void bind_trigger(py::module_& module);
void bind_results(py::module_& module);
void bind_handle(py::module_& module);
void bind_runner(py::module_& module);
void bind_next_firings(py::module_& module);
void bind_admin(py::module_& module);
void bind_life(py::module_& module);

/// From now on what the engine logs goes to Python's `logging`.
void log_to_python();

}  // namespace cloaca
