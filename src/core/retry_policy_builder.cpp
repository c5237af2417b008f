#include <cloacina/retry_policy_builder.hpp>

#include <cloacina/error.hpp>

#include "core/retry_rules.hpp"

namespace cloacina {

RetryPolicyBuilder& RetryPolicyBuilder::max_attempts(std::uint32_t attempts) noexcept {
  // 0 would stand for "not written"; whoever writes it means no attempt beyond the first.
  policy_.max_attempts = attempts == 0 ? 1 : attempts;
  return *this;
}

RetryPolicyBuilder& RetryPolicyBuilder::initial_delay(std::chrono::milliseconds delay) noexcept {
  policy_.initial_delay = delay;
  return *this;
}

RetryPolicyBuilder& RetryPolicyBuilder::max_delay(std::chrono::milliseconds delay) noexcept {
  policy_.max_delay = delay;
  return *this;
}

RetryPolicyBuilder& RetryPolicyBuilder::backoff_strategy(BackoffStrategy const& strategy) noexcept {
  policy_.backoff = strategy.backoff;
  policy_.factor = strategy.factor;
  policy_.multiplier = strategy.multiplier;
  return *this;
}

RetryPolicyBuilder& RetryPolicyBuilder::retry_condition(RetryCondition const& condition) noexcept {
  policy_.condition = condition;
  return *this;
}

RetryPolicyBuilder& RetryPolicyBuilder::with_jitter(bool jitter) noexcept {
  policy_.jitter = jitter;
  return *this;
}

RetryPolicy RetryPolicyBuilder::build() const {
  auto const problems = validate(policy_);
  if (problems.empty()) return policy_;
  std::string message = "retry policy: ";
  for (auto const& problem : problems)
    message += (&problem == &problems.front() ? "" : "; ") + problem;
  throw ValidationError(message);
}

}  // namespace cloacina
