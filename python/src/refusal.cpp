#include "refusal.hpp"

#include "conversions.hpp"

namespace cloaca {

void refuse_arguments(std::string const& usage, py::args const& given, py::kwargs const& named) {
  std::string types;
  auto const list = [&types](std::string const& one) {
    types += (types.empty() ? "" : ", ") + one;
  };
  for (auto const value : given) list(type_name(value));
  for (auto const& [name, value] : named) list(std::string{py::str(name)} + "=" + type_name(value));
  throw py::type_error("expected " + usage + ", got (" + types + ")");
}

}  // namespace cloaca
