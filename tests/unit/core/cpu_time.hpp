#pragma once

#include <ctime>

/// Seconds of processor time since `std::clock()` gave `start`: what other programs do on the
/// machine does not matter.
inline double cpu_seconds_since(std::clock_t start) {
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}
