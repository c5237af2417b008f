#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <string_view>

#include <cloacina/bounded_list.hpp>

namespace cloacina {

/// How the wait between two attempts grows.
enum class Backoff : std::uint8_t {
  fixed,        ///< always `initial_delay`
  linear,       ///< `initial_delay` × retry number × `multiplier`
  exponential,  ///< `initial_delay` × `multiplier` × `factor`^(retry number − 1)
};

/// Which errors are worth another attempt; `TransientError` and `PermanentError` decide for
/// themselves.
enum class RetryOn : std::uint8_t {
  all_errors,
  never,
  transient_only,  ///< `TransientError`, timeouts, I/O and connection errors
  error_pattern,   ///< the error's text contains one of the patterns, in any case
};

/// The condition of a retry policy: a word, a list of patterns, or a predicate.
struct RetryCondition {
  RetryOn on = RetryOn::all_errors;
  /// For `error_pattern`: substrings of the error's text, compared without case.
  BoundedList<std::string_view, 16> patterns{};
  /// Decides instead of `on`, when set. Called on the thread that ran the body, or, when the
  /// attempt ran out of time, on one that is kept for stop callbacks and this; must not throw, nor
  /// block.
  bool (*predicate)(std::exception_ptr) = nullptr;

  [[nodiscard]] static constexpr RetryCondition all_errors() { return {}; }
  [[nodiscard]] static constexpr RetryCondition never() { return {.on = RetryOn::never}; }
  [[nodiscard]] static constexpr RetryCondition transient_only() {
    return {.on = RetryOn::transient_only};
  }
  template <class... Texts>
  [[nodiscard]] static constexpr RetryCondition error_pattern(Texts const&... texts) {
    return {.on = RetryOn::error_pattern, .patterns = {std::string_view{texts}...}};
  }
};

/// When a failed attempt is followed by another one.
///
/// An aggregate: write the fields that differ from the defaults.
/// \code
///   .retry = {.max_attempts = 5, .initial_delay = 250ms, .backoff = Backoff::linear}
/// \endcode
/// Checked when the workflow is built: `ValidationError` names every field that is out of range.
struct RetryPolicy {
  /// Attempts in all, the first included; 1 to 1000. 0 stands for "not written": 3, or 1 for
  /// at-most-once tasks.
  std::uint32_t max_attempts = 0;
  /// Wait before the second attempt; 0 to 100 years.
  std::chrono::milliseconds initial_delay{1000};
  /// No wait is longer, jitter included; `initial_delay` to 100 years.
  std::chrono::milliseconds max_delay{60'000};
  Backoff backoff = Backoff::exponential;
  /// Growth per attempt of `Backoff::exponential`; > 0.
  double factor = 2.0;
  /// Scales `Backoff::linear` and `Backoff::exponential`; ≥ 0.
  double multiplier = 1.0;
  /// Spreads each wait evenly over ±25 %, so that tasks which failed together do not return
  /// together.
  bool jitter = true;
  RetryCondition condition{};
};

/// The wait before attempt number `attempt` (2 is the first retry).
///
/// Pure: the same arguments give the same wait. `random` is uniform in [0, 1) and is ignored
/// without jitter. Never negative, never more than `policy.max_delay`, also where the growth
/// overflows.
[[nodiscard]] std::chrono::milliseconds delay_before(std::uint32_t attempt,
                                                     RetryPolicy const& policy,
                                                     double random) noexcept;

/// "fixed", "linear", "exponential": the words of the API, of SQL and of JSON.
[[nodiscard]] std::string_view to_string(Backoff backoff) noexcept;
/// "all_errors", "never", "transient_only", "error_pattern".
[[nodiscard]] std::string_view to_string(RetryOn on) noexcept;
/// The inverse of `to_string`; throws `ValidationError` naming the valid words.
[[nodiscard]] Backoff backoff_from(std::string_view word);
[[nodiscard]] RetryOn retry_on_from(std::string_view word);

}  // namespace cloacina
