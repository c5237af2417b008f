#include "core/duration.hpp"

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
