#include <cloacina/retry_policy_builder.hpp>

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono_literals;
using Catch::Contains;

TEST_CASE("a policy is put together at run time", "[core][retry]") {
  auto const policy = RetryPolicyBuilder{}
                          .max_attempts(5)
                          .initial_delay(250ms)
                          .max_delay(10s)
                          .backoff_strategy(BackoffStrategy::exponential(3, 2))
                          .retry_condition(RetryCondition::transient_only())
                          .with_jitter(false)
                          .build();
  CHECK(policy.max_attempts == 5);
  CHECK(policy.condition.on == RetryOn::transient_only);
  CHECK(delay_before(2, policy, 0) == 500ms);
  CHECK(delay_before(3, policy, 0) == 1500ms);
  CHECK(delay_before(9, policy, 0) == 10s);
}

TEST_CASE("strategies have the parameters of their kind", "[core][retry]") {
  auto const wait = [](BackoffStrategy const& strategy) {
    auto const policy = RetryPolicyBuilder{}.backoff_strategy(strategy).with_jitter(false).build();
    return delay_before(4, policy, 0);
  };
  CHECK(wait(BackoffStrategy::fixed()) == 1s);
  CHECK(wait(BackoffStrategy::linear(2)) == 6s);
  CHECK(wait(BackoffStrategy::exponential(2)) == 4s);
}

TEST_CASE("no attempts mean one, and a wrong policy is refused with all that is wrong",
          "[core][retry]") {
  CHECK(RetryPolicyBuilder{}.max_attempts(0).build().max_attempts == 1);
  auto const wrong = RetryPolicyBuilder{}.max_attempts(5000).initial_delay(-1s);
  CHECK_THROWS_AS(wrong.build(), ValidationError);
  CHECK_THROWS_WITH(wrong.build(),
                    Contains("max_attempts is 5000") && Contains("; initial_delay is -1s"));
}
