#include <cloacina/retry_policy.hpp>

#include <algorithm>
#include <cmath>

#include "core/words.hpp"

namespace cloacina {
namespace {

constexpr double jitter_width = 0.25;
constexpr std::array<std::string_view, 3> backoff_words{"fixed", "linear", "exponential"};
constexpr std::array<std::string_view, 4> retry_on_words{"all_errors", "never", "transient_only",
                                                         "error_pattern"};

/// By how much the initial delay is multiplied.
double growth(std::uint32_t attempt, RetryPolicy const& policy) noexcept {
  double const retry = attempt > 1 ? attempt - 1 : 1;
  switch (policy.backoff) {
    case Backoff::fixed:
      return 1.0;
    case Backoff::linear:
      return retry * policy.multiplier;
    case Backoff::exponential:
      return policy.multiplier * std::pow(policy.factor, retry - 1);
  }
  return 1.0;
}

}  // namespace

std::chrono::milliseconds delay_before(std::uint32_t attempt, RetryPolicy const& policy,
                                       double random) noexcept {
  auto const longest = static_cast<double>(policy.max_delay.count());
  double delay = static_cast<double>(policy.initial_delay.count()) * growth(attempt, policy);
  if (policy.jitter) delay *= 1.0 - jitter_width + 2.0 * jitter_width * random;
  // Capped as a double: 2^1000 ms does not fit into the integer that the cast below needs.
  // Comparing this way round makes 0 of NaN, which is what no delay times an infinite growth gives.
  if (!(delay > 0.0)) return std::chrono::milliseconds{0};
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(std::min(delay, std::max(longest, 0.0)))};
}

std::string_view to_string(Backoff backoff) noexcept { return word_of(backoff, backoff_words); }
std::string_view to_string(RetryOn on) noexcept { return word_of(on, retry_on_words); }

Backoff backoff_from(std::string_view word) {
  return enum_from<Backoff>("backoff", word, backoff_words);
}
RetryOn retry_on_from(std::string_view word) {
  return enum_from<RetryOn>("retry condition", word, retry_on_words);
}

}  // namespace cloacina
