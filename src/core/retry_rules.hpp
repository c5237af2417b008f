#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <cloacina/execution_mode.hpp>
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

/// Attempts in all: what is written, else (0) 3, or 1 of a body that must not run twice.
[[nodiscard]] constexpr std::uint32_t attempts_allowed(RetryPolicy const& policy,
                                                       ExecutionMode mode) noexcept {
  if (policy.max_attempts > 0) return policy.max_attempts;
  return mode == ExecutionMode::at_most_once ? 1 : 3;
}

/// Whether the policy's condition makes this error worth another attempt; says nothing about how
/// many are left. A predicate that throws counts as false.
[[nodiscard]] bool should_retry(RetryPolicy const& policy, ErrorInfo const& error) noexcept;

/// What is wrong with a policy, a phrase for each field that is out of range: "max_attempts is
/// 5000; expected 1 to 1000". Empty if nothing is.
[[nodiscard]] std::vector<std::string> validate(RetryPolicy const& policy);

}  // namespace cloacina
