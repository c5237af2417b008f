#pragma once

#include <chrono>
#include <cstdint>

#include <cloacina/retry_policy.hpp>

namespace cloacina {

/// How waits grow, as one value.
struct BackoffStrategy {
  Backoff backoff = Backoff::exponential;
  double factor = 2.0;
  double multiplier = 1.0;

  [[nodiscard]] static constexpr BackoffStrategy fixed() { return {.backoff = Backoff::fixed}; }
  /// `initial_delay` × retry number × `multiplier`
  [[nodiscard]] static constexpr BackoffStrategy linear(double multiplier) {
    return {.backoff = Backoff::linear, .multiplier = multiplier};
  }
  /// `initial_delay` × `multiplier` × `base`^(retry number − 1)
  [[nodiscard]] static constexpr BackoffStrategy exponential(double base, double multiplier = 1.0) {
    return {.backoff = Backoff::exponential, .factor = base, .multiplier = multiplier};
  }

  friend constexpr bool operator==(BackoffStrategy const&, BackoffStrategy const&) = default;
};

/// Puts a `RetryPolicy` together at run time, and checks it.
/// \code
///   auto policy =
///   RetryPolicyBuilder{}.max_attempts(5).backoff_strategy(BackoffStrategy::fixed()).build();
/// \endcode
class RetryPolicyBuilder {
 public:
  RetryPolicyBuilder& max_attempts(std::uint32_t attempts) noexcept;
  RetryPolicyBuilder& initial_delay(std::chrono::milliseconds delay) noexcept;
  RetryPolicyBuilder& max_delay(std::chrono::milliseconds delay) noexcept;
  RetryPolicyBuilder& backoff_strategy(BackoffStrategy const& strategy) noexcept;
  /// The texts of an `error_pattern` must outlive every use of the policy.
  RetryPolicyBuilder& retry_condition(RetryCondition const& condition) noexcept;
  RetryPolicyBuilder& with_jitter(bool jitter = true) noexcept;

  /// Throws `ValidationError` naming every field that is out of range.
  [[nodiscard]] RetryPolicy build() const;

 private:
  RetryPolicy policy_;
};

}  // namespace cloacina
