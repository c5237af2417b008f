#include "waiting.hpp"

#include <cmath>
#include <string>

#include "errors.hpp"

namespace cloaca {
namespace {

thread_local bool runs_event_loop = false;

}  // namespace

void mark_event_loop_thread() { runs_event_loop = true; }

bool is_event_loop_thread() noexcept { return runs_event_loop; }

void refuse_to_block_event_loop(char const* what) {
  if (runs_event_loop)
    raise("StateError",
          std::string{what} +
              " would block the event loop of a runner, and with it every async body; await "
              "execute_async(...) or the handle");
}

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
