#pragma once

#include <chrono>

namespace cloacina {

/// A point in time as it is stored: microseconds since 1970-01-01 UTC.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

}  // namespace cloacina
