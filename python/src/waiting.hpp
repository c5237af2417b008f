#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include <cloacina/time.hpp>

#include "gil.hpp"

namespace cloaca {

/// Whether Python's signal handlers run on this thread.
[[nodiscard]] bool is_main_thread();

/// The calling thread runs the event loop of a runner.
void mark_event_loop_thread();
/// Raises StateError on such a thread: what waits there keeps every other coroutine from going on,
/// the awaited one perhaps among them.
void refuse_to_block_event_loop(char const* what);
[[nodiscard]] bool is_event_loop_thread() noexcept;

/// Seconds, or None for ever; raises ValueError for NaN.
[[nodiscard]] std::optional<std::chrono::nanoseconds> timeout_of(std::optional<double> seconds);

/// Calls `wait(at_most)` without the lock until it returns something, or the timeout has passed.
/// On the main thread signal handlers run meanwhile, and what they raise ends the wait.
template <class Wait>
auto wait_patiently(std::optional<std::chrono::nanoseconds> timeout, Wait&& wait) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::nanoseconds slice = std::chrono::milliseconds{50};
  auto const begun = Clock::now();
  bool const in_slices = is_main_thread();
  for (;;) {
    std::chrono::nanoseconds left = cloacina::longest_duration;
    if (timeout) left = *timeout - (Clock::now() - begun);
    auto answer = [&] {
      Released const released;
      return wait(cloacina::WaitTime{in_slices ? std::min(left, slice) : left});
    }();
    if (answer) return answer;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (timeout && Clock::now() - begun >= *timeout) return answer;
  }
}

}  // namespace cloaca
