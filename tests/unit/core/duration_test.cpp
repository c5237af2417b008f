#include "core/duration.hpp"

#include <cloacina/duration.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono_literals;

TEST_CASE("durations are read with their unit and printed in the largest that fits",
          "[core][duration]") {
  struct Row {
    char const* text;
    std::chrono::milliseconds duration;
    char const* printed;
  };
  auto const row = GENERATE(values<Row>({{"0ms", 0ms, "0ms"},
                                         {"0h", 0ms, "0ms"},
                                         {"500ms", 500ms, "500ms"},
                                         {"1500ms", 1500ms, "1500ms"},
                                         {"5s", 5s, "5s"},
                                         {"90s", 90s, "90s"},
                                         {"120s", 2min, "2m"},
                                         {"2m", 2min, "2m"},
                                         {"007m", 7min, "7m"},
                                         {"1h", 1h, "1h"},
                                         {"876000h", 876000h, "876000h"}}));
  CHECK(parse_duration(row.text) == row.duration);
  CHECK(format_duration(row.duration) == row.printed);
  CHECK(parse_duration(format_duration(row.duration)) == row.duration);
}

TEST_CASE("what is no duration is refused, saying how one looks", "[core][duration]") {
  for (char const* const text :
       {"", "s", "5", "5 s", " 5s", "5s ", "5S", "-5s", "+5s", "1.5s", "5d", "5min", "5ss",
        "876001h", "99999999999999999999999s", "1h30m"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_duration(text), ValidationError);
    CHECK_THROWS_WITH(parse_duration(text), Catch::Contains("500ms, 5s, 2m or 1h"));
  }
  CHECK(format_duration(-1500ms) == "-1500ms");
}

TEST_CASE("a duration is one of the standard's, or text, also in a constant", "[core][duration]") {
  STATIC_REQUIRE(Duration{"500ms"}.value() == 500ms);
  STATIC_REQUIRE(Duration{"5s"}.value() == 5s);
  STATIC_REQUIRE(Duration{"2m"}.value() == 2min);
  STATIC_REQUIRE(Duration{std::string_view{"1h and more"}.substr(0, 2)}.value() == 1h);
  STATIC_REQUIRE(Duration{5s}.value() == 5'000ms);
  STATIC_REQUIRE(Duration{std::chrono::days{1}}.value() == 24h);
  STATIC_REQUIRE(Duration{"876000h"}.value() == longest_duration);
  // What would be rounded is no argument.
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Duration, std::chrono::microseconds>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Duration, std::chrono::duration<double>>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<Duration, int>);
}

TEST_CASE("text that is no duration is refused where no compiler sees it", "[core][duration]") {
  std::string const text = GENERATE("", "5", "5 minutes", "ms", "-1s", "1.5s", "876001h");
  CHECK_THROWS_AS(Duration{text}, ValidationError);
  CHECK_THROWS_WITH(Duration{text.c_str()},
                    Catch::Contains("'" + text + "'") && Catch::Contains("500ms, 5s, 2m or 1h"));
}
