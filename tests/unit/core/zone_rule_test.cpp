#include "core/zone_rule.hpp"

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono;

namespace {

sys_seconds day_in_utc(int y, unsigned mo, unsigned d, int h = 0, int mi = 0) {
  return sys_days{year{y} / mo / d} + hours{h} + minutes{mi};
}

ZonePeriod ruled_period(char const* text, sys_seconds instant) {
  auto const parsed = ZoneRule::parse(text);
  REQUIRE(parsed);
  auto const found = parsed->period_at(instant);
  CHECK((found.begin <= instant && instant < found.end));
  return found;
}

}  // namespace

TEST_CASE("a rule says when clocks change in every year to come", "[core][zones]") {
  auto const paris = "CET-1CEST,M3.5.0,M10.5.0/3";
  auto const summer = ruled_period(paris, day_in_utc(2050, 7, 15));
  CHECK(summer.offset == 2h);
  CHECK(summer.begin == day_in_utc(2050, 3, 27, 1));
  CHECK(summer.end == day_in_utc(2050, 10, 30, 1));
  auto const winter = ruled_period(paris, day_in_utc(2090, 1, 1));
  CHECK(winter.offset == 1h);
  CHECK(winter.begin == day_in_utc(2089, 10, 30, 1));
  CHECK(winter.end == day_in_utc(2090, 3, 26, 1));
  CHECK(ruled_period(paris, summer.begin).offset == 2h);
  CHECK(ruled_period(paris, summer.end).offset == 1h);
  CHECK(ruled_period(paris, summer.end - 1s).offset == 2h);
}

TEST_CASE("a rule without summer holds always", "[core][zones]") {
  auto const fixed = ruled_period("<+0545>-5:45", day_in_utc(2026, 1, 1));
  CHECK(fixed.offset == 5h + 45min);
  CHECK(fixed.begin == sys_seconds::min());
  CHECK(fixed.end == sys_seconds::max());
  CHECK(ruled_period("EST5", day_in_utc(2026, 1, 1)).offset == -5h);
  // A summer that ends as it begins is none.
  auto const none = ruled_period("UTC0CEST,M1.5.0,M1.5.0/3", day_in_utc(2026, 1, 1));
  CHECK(none.offset == 0h);
  CHECK(none.begin == sys_seconds::min());
  CHECK(none.end == sys_seconds::max());
}

TEST_CASE("rules of all forms", "[core][zones]") {
  // South of the equator summer is at both ends of the year; here it is half an hour.
  auto const lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
  CHECK(ruled_period(lord_howe, day_in_utc(2050, 1, 1)).offset == 11h);
  CHECK(ruled_period(lord_howe, day_in_utc(2050, 1, 1)).end == day_in_utc(2050, 4, 2, 15));
  CHECK(ruled_period(lord_howe, day_in_utc(2050, 7, 1)).offset == 10h + 30min);
  // In Ireland the summer is the standard, and the winter an hour behind.
  auto const dublin = "IST-1GMT0,M10.5.0,M3.5.0/1";
  CHECK(ruled_period(dublin, day_in_utc(2050, 7, 1)).offset == 1h);
  CHECK(ruled_period(dublin, day_in_utc(2050, 1, 1)).offset == 0h);
  CHECK(ruled_period(dublin, day_in_utc(2050, 1, 1)).end == day_in_utc(2050, 3, 27, 1));
  // Greenland changes on the evening before the last Sunday.
  auto const nuuk = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
  CHECK(ruled_period(nuuk, day_in_utc(2050, 7, 1)).begin == day_in_utc(2050, 3, 27, 1));
  // 26:00 on the fourth Thursday is 2:00 on a Friday that may be in the week after.
  auto const jerusalem = "IST-2IDT,M3.4.4/26,M10.5.0";
  CHECK(ruled_period(jerusalem, day_in_utc(2050, 7, 1)).begin == day_in_utc(2050, 3, 25));
  // Days of the year, with and without 29 February.
  CHECK(ruled_period("A3B,J60/0,300/0", day_in_utc(2028, 5, 1)).begin == day_in_utc(2028, 3, 1, 3));
  CHECK(ruled_period("A3B,J60/0,300/0", day_in_utc(2027, 5, 1)).begin == day_in_utc(2027, 3, 1, 3));
  CHECK(ruled_period("A3B,59/0,300/0", day_in_utc(2028, 5, 1)).begin == day_in_utc(2028, 2, 29, 3));
  // Summer always.
  for (auto const day :
       {day_in_utc(2026, 1, 1), day_in_utc(2026, 12, 31, 23), day_in_utc(2026, 7, 1)})
    CHECK(ruled_period("XXX3EDT4,0/0,J365/23", day).offset == -4h);
}

TEST_CASE("a rule that cannot be read is none", "[core][zones]") {
  for (auto const* const text :
       {"", "CET", "-1", "<+01-1", "<", "CET-25", "CET-1:60", "CET-1CEST", "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J5", "CET-1CEST,366,5", "CET-1CEST,M3.5.0/168,5",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(ZoneRule::parse(text));
  }
}
