#include "waiting.hpp"

#include <cmath>

namespace cloaca {

bool is_main_thread() {
  // Asked each time: the child of a fork has another one.
  auto const threading = py::module_::import("threading");
  return threading.attr("main_thread")().attr("ident").cast<unsigned long>() ==
         PyThread_get_thread_ident();
}

std::optional<std::chrono::nanoseconds> timeout_of(std::optional<double> seconds) {
  if (!seconds) return std::nullopt;
  if (std::isnan(*seconds)) throw py::value_error("timeout is NaN; expected seconds, or None");
  return cloacina::WaitTime{std::chrono::duration<double>{*seconds}}.value();
}

}  // namespace cloaca
