#pragma once

#include <cstddef>
#include <exception>

#include "core/retry_rules.hpp"

namespace cloacina {

/// Longest text that is kept of an error, in bytes.
inline constexpr std::size_t max_error_bytes = 8 * 1024;

/// What can be said about anything that a task body threw.
///
/// Text: `what()`, the thrown text or number itself, or the demangled name of an unknown type;
/// causes of `std::throw_with_nested` follow as "; caused by: …". Always valid UTF-8 (what is not
/// is replaced by U+FFFD), not empty, and at most `max_error_bytes` long. Never throws but
/// `std::bad_alloc`. The caller must have dealt with `abi::__forced_unwind`, which is no exception
/// to be caught.
[[nodiscard]] ErrorInfo describe_exception(std::exception_ptr exception);

}  // namespace cloacina
