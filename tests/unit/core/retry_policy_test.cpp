#include <cloacina/retry_policy.hpp>

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono_literals;

namespace {

RetryPolicy without_jitter(Backoff backoff, double multiplier = 1.0) {
  return {.initial_delay = 100ms,
          .max_delay = 1s,
          .backoff = backoff,
          .multiplier = multiplier,
          .jitter = false};
}

}  // namespace

TEST_CASE("the wait grows as its backoff says, up to the longest", "[core][retry]") {
  struct Row {
    Backoff backoff;
    double multiplier;
    std::uint32_t attempt;
    std::chrono::milliseconds expected;
  };
  auto const [backoff, multiplier, attempt, expected] = GENERATE(values<Row>({
      {Backoff::fixed, 1, 2, 100ms},
      {Backoff::fixed, 1, 9, 100ms},
      {Backoff::fixed, 5, 2, 100ms},
      {Backoff::linear, 1, 2, 100ms},
      {Backoff::linear, 1, 4, 300ms},
      {Backoff::linear, 2, 4, 600ms},
      {Backoff::linear, 1, 99, 1s},
      {Backoff::exponential, 1, 2, 100ms},
      {Backoff::exponential, 1, 3, 200ms},
      {Backoff::exponential, 1, 4, 400ms},
      {Backoff::exponential, 2, 4, 800ms},
      {Backoff::exponential, 0.5, 2, 50ms},
      {Backoff::exponential, 1, 99, 1s},
  }));
  CAPTURE(to_string(backoff), multiplier, attempt);
  CHECK(delay_before(attempt, without_jitter(backoff, multiplier), 0.5) == expected);
}

TEST_CASE("the defaults wait 1, 2, 4 … 60 seconds", "[core][retry]") {
  RetryPolicy policy;
  policy.jitter = false;
  CHECK(delay_before(1, policy, 0) == 1s);
  CHECK(delay_before(2, policy, 0) == 1s);
  CHECK(delay_before(3, policy, 0) == 2s);
  CHECK(delay_before(4, policy, 0) == 4s);
  CHECK(delay_before(8, policy, 0) == 60s);
}

TEST_CASE("jitter spreads a wait by a quarter each way and never past the longest",
          "[core][retry]") {
  auto policy = without_jitter(Backoff::fixed);
  policy.jitter = true;
  CHECK(delay_before(2, policy, 0.0) == 75ms);
  CHECK(delay_before(2, policy, 0.5) == 100ms);
  CHECK(delay_before(2, policy, 0.999) == 124ms);

  policy.max_delay = 110ms;
  CHECK(delay_before(2, policy, 0.999) == 110ms);
}

TEST_CASE("a thousand doublings are the longest wait, not an overflow", "[core][retry]") {
  CHECK(delay_before(1001, without_jitter(Backoff::exponential), 0.0) == 1s);
  auto policy = without_jitter(Backoff::exponential, 1e300);
  policy.initial_delay = 0ms;
  CHECK(delay_before(1001, policy, 0.0) == 0ms);
}

TEST_CASE("the words of policies are read as they are written", "[core][retry]") {
  for (auto const backoff : {Backoff::fixed, Backoff::linear, Backoff::exponential}) {
    CHECK(backoff_from(to_string(backoff)) == backoff);
  }
  for (auto const on :
       {RetryOn::all_errors, RetryOn::never, RetryOn::transient_only, RetryOn::error_pattern}) {
    CHECK(retry_on_from(to_string(on)) == on);
  }
  CHECK_THROWS_WITH(backoff_from("exponental"),
                    Catch::Contains("did you mean 'exponential'") &&
                        Catch::Contains("'fixed', 'linear', 'exponential'"));
  CHECK_THROWS_AS(retry_on_from("sometimes"), ValidationError);
}
