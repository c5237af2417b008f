#pragma once

#include <chrono>

namespace bench {

/// What this process has used so far, all threads together.
[[nodiscard]] double cpu_seconds();
/// Percent of a core that it uses while the caller sleeps.
[[nodiscard]] double idle_cpu(std::chrono::nanoseconds duration);
/// Memory that is resident now, in bytes.
[[nodiscard]] double resident_bytes();
/// Handed to `write` and its like so far, in bytes; what the page cache merges counts every time.
[[nodiscard]] double written_bytes();

}  // namespace bench
