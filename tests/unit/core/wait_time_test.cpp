// The types of time limits: what fits into what.
#include <cloacina/time.hpp>

#include <limits>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono_literals;

TEST_CASE("a wait is as long as it says, within nothing and 100 years", "[core][duration]") {
  static_assert(WaitTime{5ms}.value() == 5ms);
  static_assert(WaitTime{std::chrono::hours::max()}.value() == longest_duration);
  CHECK(WaitTime{1ns}.value() == 1ns);
  CHECK(WaitTime{0.5s}.value() == 500ms);
  CHECK(WaitTime{longest_duration - 1ns}.value() <= longest_duration);
  CHECK(WaitTime{longest_duration + 1ms}.value() == longest_duration);
  CHECK(WaitTime{std::chrono::nanoseconds::max()}.value() == longest_duration);
  CHECK(WaitTime{std::chrono::milliseconds::max()}.value() == longest_duration);
  CHECK(WaitTime{std::chrono::years::max()}.value() == longest_duration);
  CHECK(WaitTime{-1ns}.value() == 0ns);
  CHECK(WaitTime{std::chrono::hours::min()}.value() == 0ns);
  CHECK(WaitTime{std::chrono::duration<double>{std::numeric_limits<double>::infinity()}}.value() ==
        longest_duration);
  CHECK(WaitTime{std::chrono::duration<double>{std::numeric_limits<double>::quiet_NaN()}}.value() ==
        0ns);
}
