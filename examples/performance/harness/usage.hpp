#pragma once

#include <cstdint>

namespace bench {

/// What this process has used so far, all threads together.
[[nodiscard]] double cpu_seconds();
/// Memory that is resident now, in bytes.
[[nodiscard]] double resident_bytes();
/// Handed to `write` and its like so far, in bytes; what the page cache merges counts every time.
[[nodiscard]] double written_bytes();

}  // namespace bench
