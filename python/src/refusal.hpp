#pragma once

#include <initializer_list>
#include <string>

#include "gil.hpp"

namespace cloaca {

/// A method, and how it is called: `{"get", "(key, default=None)"}`.
struct Usage {
  char const* method;
  char const* parameters;
};

/// TypeError that says how it is called, and the types that were given.
[[noreturn]] void refuse_arguments(std::string const& usage, py::args const& given,
                                   py::kwargs const& named);

/// For calls that fit none of a class's methods: what pybind11 itself says to them shows the value
/// of every argument, and the object, and so whatever secrets they hold. Bind this last; it suits
/// methods that convert no argument, since an overloaded one is tried without that first.
template <class Class>
void refuse_other_arguments(Class& bound, std::string const& name,
                            std::initializer_list<Usage> usages) {
  for (auto const& [method, parameters] : usages) {
    if (method == std::string{"__init__"}) {
      bound.def(
          py::init([usage = name + parameters](py::args const& given, py::kwargs const& named) ->
                   typename Class::type { refuse_arguments(usage, given, named); }));
      continue;
    }
    auto usage = name + "." + method + parameters;
    bound.def(method,
              [usage = std::move(usage)](typename Class::type const&, py::args const& given,
                                         py::kwargs const& named) -> py::object {
                refuse_arguments(usage, given, named);
              });
  }
}

}  // namespace cloaca
