#pragma once

#include <chrono>
#include <thread>

#include <cloacina/environment.hpp>

namespace cloacina::engine {

/// Lets time pass for the calling thread; in a simulation everybody else goes on meanwhile.
inline void pause(Environment const& environment, std::chrono::nanoseconds duration) {
  if (auto const& conductor = environment.conductor) {
    (void)conductor->run_until([] { return false; }, environment.monotonic() + duration);
  } else {
    std::this_thread::sleep_for(duration);
  }
}

}  // namespace cloacina::engine
