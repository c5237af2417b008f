#include <cloacina/version.hpp>

#include "bindings.hpp"
#include "errors.hpp"

namespace {

namespace py = pybind11;

py::list backends() {
  py::list names;
#ifdef CLOACINA_WITH_SQLITE
  names.append("sqlite");
#endif
#ifdef CLOACINA_WITH_POSTGRES
  names.append("postgres");
#endif
  return names;
}

}  // namespace

PYBIND11_MODULE(_cloaca, module) {
  py::options options;
  options.disable_function_signatures();
  module.doc() = "The engine of cloaca; use the package cloaca instead.";
  module.attr("__version__") = cloacina::version;
  cloaca::translate_errors();
  cloaca::bind_context(module);
  cloaca::bind_namespaces(module);
  cloaca::bind_retry(module);
  cloaca::bind_workflow(module);
  cloaca::bind_body(module);
  cloaca::bind_async_call(module);
  cloaca::bind_trigger(module);
  cloaca::bind_results(module);
  cloaca::bind_handle(module);
  cloaca::bind_runner(module);
  cloaca::bind_next_firings(module);
  cloaca::bind_admin(module);
  cloaca::log_to_python();
  module.def("backends", &backends, R"(The databases that this build can use.

>>> "sqlite" in backends()
True
)");
  cloaca::bind_life(module);
}
