#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <cloacina/retry_policy.hpp>

namespace cloacina {

/// What is known of an error that ended an attempt; made by `describe_exception`.
struct ErrorInfo {
  std::string text;           ///< valid UTF-8, at most 8 KiB
  bool is_transient = false;  ///< a `TransientError`, or a `TaskError` that says it is retryable
  bool is_permanent = false;  ///< a `PermanentError`
  bool is_timeout = false;
  bool is_io = false;              ///< input, output or a connection failed
  std::exception_ptr exception{};  ///< for predicates; null where there was none
};

/// Attempts in all: what is written, or 3 for 0, which stands for "not written".
[[nodiscard]] constexpr std::uint32_t attempts_allowed(RetryPolicy const& policy) noexcept {
  return policy.max_attempts == 0 ? 3 : policy.max_attempts;
}

/// Whether the policy's condition makes this error worth another attempt; says nothing about how
/// many are left. A predicate that throws counts as false.
[[nodiscard]] bool should_retry(RetryPolicy const& policy, ErrorInfo const& error) noexcept;
/// The same, and `attempt`, which failed, was not the last one.
[[nodiscard]] bool should_retry(RetryPolicy const& policy, std::uint32_t attempt,
                                ErrorInfo const& error) noexcept;

/// What is wrong with a policy, a phrase for each field that is out of range: "max_attempts is
/// 5000; expected 1 to 1000". Empty if nothing is.
[[nodiscard]] std::vector<std::string> validate(RetryPolicy const& policy);

}  // namespace cloacina
