#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace cloacina {

/// How an execution is accepted. Members are trivially destructible, so that a temporary of it may
/// stand inside a `co_await` expression.
struct SubmitOptions {
  /// At most 256 bytes of UTF-8 without NUL. A second submission of the same workflow with the same
  /// key returns the first execution, whatever its state; with another input it is a
  /// `ValidationError`. Empty: none.
  std::string_view idempotency_key{};
  /// Higher first, where executions wait for capacity.
  std::int16_t priority = 0;
  /// The execution starts no earlier than this long after it was accepted; 0 to 100 years.
  std::chrono::milliseconds start_after{0};
};

}  // namespace cloacina
