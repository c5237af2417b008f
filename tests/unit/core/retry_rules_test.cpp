#include "core/retry_rules.hpp"

#include <limits>
#include <stdexcept>

#include "core/foreign_exception.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

RetryPolicy on(RetryCondition condition) { return {.condition = condition}; }

bool is_logic_error(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (std::logic_error const&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

TEST_CASE("whether an error is worth another attempt is the condition's decision",
          "[core][retry]") {
  auto const all = on(RetryCondition::all_errors());
  auto const never = on(RetryCondition::never());
  auto const transient = on(RetryCondition::transient_only());
  auto const pattern = on(RetryCondition::error_pattern("HTTP 5", "try again"));
  struct Row {
    char const* what;
    ErrorInfo error;
    bool all, never, transient, pattern;
  };
  auto const row = GENERATE(values<Row>({
      {"plain", {.text = "no such file"}, true, false, false, false},
      {"transient", {.text = "x", .is_transient = true}, true, false, true, true},
      {"permanent",
       {.text = "timeout, try again", .is_permanent = true},
       false,
       false,
       false,
       false},
      {"timeout", {.text = "x", .is_timeout = true}, true, false, true, false},
      {"io", {.text = "x", .is_io = true}, true, false, true, false},
      {"words", {.text = "Service Temporarily UNAVAILABLE"}, true, false, true, false},
      {"two words", {.text = "hit the Rate Limit"}, true, false, true, false},
      {"half a word", {.text = "rate  limit"}, true, false, false, false},
      {"pattern", {.text = "got http 503"}, true, false, false, true},
      {"other pattern", {.text = "Please TRY AGAIN later"}, true, false, false, true},
      {"no text", {.text = ""}, true, false, false, false},
  }));
  CAPTURE(row.what);
  CHECK(should_retry(all, row.error) == row.all);
  CHECK(should_retry(never, row.error) == row.never);
  CHECK(should_retry(transient, row.error) == row.transient);
  CHECK(should_retry(pattern, row.error) == row.pattern);
}

TEST_CASE("every word that promises a passing trouble counts", "[core][retry]") {
  auto const transient = on(RetryCondition::transient_only());
  for (char const* const word : {"timeout", "connection", "network", "temporary", "unavailable",
                                 "busy", "overloaded", "rate limit"}) {
    CHECK(should_retry(transient, ErrorInfo{.text = "the " + std::string{word} + "!"}));
  }
}

TEST_CASE("a predicate decides instead of the word, and its own error means no", "[core][retry]") {
  auto const policy = on({.on = RetryOn::never, .predicate = is_logic_error});
  CHECK(should_retry(policy, describe_exception(std::make_exception_ptr(std::logic_error{"x"}))));
  CHECK_FALSE(
      should_retry(policy, describe_exception(std::make_exception_ptr(std::runtime_error{"x"}))));
  auto const throws = on({.predicate = [](std::exception_ptr) -> bool { throw 1; }});
  CHECK_FALSE(should_retry(throws, describe_exception(std::make_exception_ptr(1))));
}

TEST_CASE("attempts that are not written are three, or one of what runs once", "[core][retry]") {
  CHECK(attempts_allowed({}, ExecutionMode::at_least_once) == 3);
  CHECK(attempts_allowed({}, ExecutionMode::at_most_once) == 1);
  CHECK(attempts_allowed({.max_attempts = 7}, ExecutionMode::at_least_once) == 7);
  CHECK(attempts_allowed({.max_attempts = 1}, ExecutionMode::at_most_once) == 1);
}

TEST_CASE("a sound policy has no problems, others name the field, the value and the range",
          "[core][retry]") {
  CHECK(validate(RetryPolicy{}).empty());
  CHECK(validate({.max_attempts = 1000, .initial_delay = 0ms, .max_delay = 0ms, .factor = 1.0})
            .empty());
  CHECK(validate({.factor = 0.5, .multiplier = 0}).empty());  // shorter waits, and none
  struct Row {
    RetryPolicy policy;
    char const* problem;
  };
  constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
  auto const row = GENERATE_COPY(values<Row>({
      {{.max_attempts = 1001}, "max_attempts is 1001; expected 1 to 1000"},
      {{.initial_delay = -1ms}, "initial_delay is -1ms; expected 0ms to"},
      {{.initial_delay = 2s, .max_delay = 1s},
       "max_delay is 1s; expected no less than initial_delay (2s)"},
      {{.max_delay = 876001h},
       "max_delay is 876001h; expected no less than initial_delay (1s), at "
       "most 100 years"},
      {{.factor = 0}, "factor is 0.0"},
      {{.factor = nan}, "factor is nan"},
      {{.multiplier = -0.5}, "multiplier is -0.5"},
      {{.condition = RetryCondition{.on = RetryOn::error_pattern}},
       "error_pattern without a pattern"},
      {{.condition = RetryCondition::error_pattern("")}, "empty pattern"},
  }));
  CAPTURE(row.problem);
  auto const problems = validate(row.policy);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems.front(), Contains(row.problem));
  CHECK(validate({.max_attempts = 5000, .factor = 0, .multiplier = -1}).size() == 3);
}
