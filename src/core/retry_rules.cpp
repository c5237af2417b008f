#include "core/retry_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "core/ascii.hpp"
#include "core/duration.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

constexpr std::uint32_t most_attempts = 1000;

/// Errors that say only by their text that they will pass.
constexpr std::array<std::string_view, 8> transient_words{"timeout",    "connection",  "network",
                                                          "temporary",  "unavailable", "busy",
                                                          "overloaded", "rate limit"};

bool contains_ignoring_case(std::string_view text, std::string_view part) noexcept {
  auto const equal = [](char a, char b) { return lower(a) == lower(b); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), equal) != text.end();
}

bool contains_any(std::string_view text, auto const& parts) noexcept {
  return std::any_of(parts.begin(), parts.end(),
                     [&](auto part) { return contains_ignoring_case(text, part); });
}

bool asks_predicate(RetryCondition const& condition, ErrorInfo const& error) noexcept {
  try {
    return condition.predicate(error.exception);
  } catch (...) {
    return false;
  }
}

}  // namespace

bool should_retry(RetryPolicy const& policy, ErrorInfo const& error) noexcept {
  auto const& condition = policy.condition;
  bool const has_predicate = condition.predicate != nullptr;
  if (error.is_permanent || (condition.on == RetryOn::never && !has_predicate)) return false;
  if (error.is_transient) return true;
  if (has_predicate) return asks_predicate(condition, error);
  switch (condition.on) {
    case RetryOn::all_errors:
      return true;
    case RetryOn::never:
      return false;
    case RetryOn::transient_only:
      return error.is_timeout || error.is_io || contains_any(error.text, transient_words);
    case RetryOn::error_pattern:
      return contains_any(error.text, condition.patterns);
  }
  return false;
}

std::vector<std::string> validate(RetryPolicy const& policy) {
  std::vector<std::string> problems;
  auto const check = [&](bool good, std::string_view field, std::string const& value,
                         std::string const& expected) {
    if (!good) problems.push_back(std::string{field} + " is " + value + "; expected " + expected);
  };
  check(policy.max_attempts <= most_attempts, "max_attempts", std::to_string(policy.max_attempts),
        "1 to " + std::to_string(most_attempts));
  check(detail::in_range(policy.initial_delay), "initial_delay",
        format_duration(policy.initial_delay), std::string{allowed_durations});
  check(policy.max_delay >= policy.initial_delay && policy.max_delay <= longest_duration,
        "max_delay", format_duration(policy.max_delay),
        "no less than initial_delay (" + format_duration(policy.initial_delay) +
            "), at most 100 years");
  check(std::isfinite(policy.factor) && policy.factor > 0.0, "factor",
        std::to_string(policy.factor), "a number above 0");
  check(std::isfinite(policy.multiplier) && policy.multiplier >= 0.0, "multiplier",
        std::to_string(policy.multiplier), "a number of at least 0");
  check(policy.backoff <= Backoff::exponential, "backoff", "no known value",
        "fixed, linear or exponential");
  auto const& condition = policy.condition;
  check(condition.on <= RetryOn::error_pattern, "condition", "no known value",
        "all_errors, never, transient_only or error_pattern");
  if (condition.on == RetryOn::error_pattern) {
    bool const all_text =
        std::all_of(condition.patterns.begin(), condition.patterns.end(),
                    [](std::string_view pattern) { return is_valid_utf8(pattern); });
    check(all_text, "condition", "error_pattern with a pattern that is not UTF-8",
          "text, as errors are");
    bool const has_empty = std::any_of(condition.patterns.begin(), condition.patterns.end(),
                                       [](std::string_view pattern) { return pattern.empty(); });
    check(!condition.patterns.empty(), "condition", "error_pattern without a pattern",
          "at least one");
    check(!has_empty, "condition", "error_pattern with an empty pattern, which every error matches",
          "all_errors for that");
  }
  return problems;
}

}  // namespace cloacina
