#include "core/cron.hpp"

#include <cloacina/detail/read_cron.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono;
using detail::CronProblem;
using detail::CronReader;

// Read by the compiler too, which is how a wrong one becomes its error.
static_assert(CronReader::read("0 9 * * MON-FRI").problem == CronProblem::none);
static_assert(CronReader::read("61 * * * *").problem == CronProblem::out_of_range);
static_assert(CronReader::read("61 * * * *").field == "minute");
static_assert(CronReader::read("0 0 30 2 *").problem == CronProblem::never_fires);

namespace {

sys_seconds utc(int y, unsigned mo, unsigned d, int h = 0, int mi = 0, int s = 0) {
  return sys_days{year{y} / mo / d} + hours{h} + minutes{mi} + seconds{s};
}

/// Paris in 2026: one hour before UTC's clocks, two from 29 March to 25 October.
class Paris : public TimeZone {
 public:
  [[nodiscard]] ZonePeriod period_at(sys_seconds instant) const override {
    auto const spring = utc(2026, 3, 29, 1), autumn = utc(2026, 10, 25, 1);
    if (instant < spring) return {sys_seconds::min(), spring, 1h};
    if (instant < autumn) return {spring, autumn, 2h};
    return {autumn, sys_seconds::max(), 1h};
  }
};

class Utc : public TimeZone {
 public:
  [[nodiscard]] ZonePeriod period_at(sys_seconds) const override {
    return {sys_seconds::min(), sys_seconds::max(), 0s};
  }
};

std::vector<sys_seconds> firings(char const* text, sys_seconds from, std::size_t count,
                                 TimeZone const& zone = Utc{}) {
  auto const expression = CronExpression::parse(text);
  std::vector<sys_seconds> found;
  auto last = from - 1s;
  while (found.size() < count) {
    auto const next = expression.next_after(last, zone);
    if (!next) break;
    found.push_back(last = *next);
  }
  return found;
}

using Times = std::vector<sys_seconds>;

}  // namespace

TEST_CASE("fields, names, ranges, steps and lists mean what they do in cron", "[core][cron]") {
  auto const begin = utc(2026, 1, 1);  // a Thursday
  CHECK(firings("0 9 * * MON-FRI", begin, 3) ==
        Times{utc(2026, 1, 1, 9), utc(2026, 1, 2, 9), utc(2026, 1, 5, 9)});
  CHECK(firings("*/20 8-9 * * *", begin, 4) == Times{utc(2026, 1, 1, 8), utc(2026, 1, 1, 8, 20),
                                                     utc(2026, 1, 1, 8, 40), utc(2026, 1, 1, 9)});
  CHECK(firings("5/25 0 1 1 *", begin, 3) ==
        Times{utc(2026, 1, 1, 0, 5), utc(2026, 1, 1, 0, 30), utc(2026, 1, 1, 0, 55)});
  CHECK(firings("15,45 30 12 1 jan,Jul ?", begin, 3) == Times{utc(2026, 1, 1, 12, 30, 15),
                                                              utc(2026, 1, 1, 12, 30, 45),
                                                              utc(2026, 7, 1, 12, 30, 15)});
  CHECK(firings("0 0 * * SAT-SUN", begin, 3) ==
        Times{utc(2026, 1, 3), utc(2026, 1, 4), utc(2026, 1, 10)});
  CHECK(firings("0 0 * * 7", begin, 1) == Times{utc(2026, 1, 4)});
  CHECK(firings(" 0\t0 * * 5-7 ", begin, 3) ==
        Times{utc(2026, 1, 2), utc(2026, 1, 3), utc(2026, 1, 4)});
  CHECK(firings("@monthly", begin + 1s, 2) == Times{utc(2026, 2, 1), utc(2026, 3, 1)});
  CHECK(firings("@Weekly", begin, 1) == Times{utc(2026, 1, 4)});
}

TEST_CASE("a day of the month or a day of the week is enough", "[core][cron]") {
  CHECK(firings("0 0 10 * MON", utc(2026, 1, 1), 3) ==
        Times{utc(2026, 1, 5), utc(2026, 1, 10), utc(2026, 1, 12)});
}

TEST_CASE("last days, nearest weekdays and the n-th of a weekday", "[core][cron]") {
  auto const begin = utc(2026, 1, 1);
  CHECK(firings("0 0 L * *", begin, 3) ==
        Times{utc(2026, 1, 31), utc(2026, 2, 28), utc(2026, 3, 31)});
  CHECK(firings("0 0 L-2 2 *", begin, 1) == Times{utc(2026, 2, 26)});
  // 31 January 2026 is a Saturday, 28 February too.
  CHECK(firings("0 0 LW * *", begin, 2) == Times{utc(2026, 1, 30), utc(2026, 2, 27)});
  CHECK(firings("0 0 1W 8 *", begin, 1) == Times{utc(2026, 8, 3)});  // the 1st is a Saturday
  CHECK(firings("0 0 15W 2,3 *", begin, 2) == Times{utc(2026, 2, 16), utc(2026, 3, 16)});
  CHECK(firings("0 0 31W 5 *", begin, 1) == Times{utc(2026, 5, 29)});  // a Sunday
  CHECK(firings("0 0 31W 1,2 *", begin, 2) == Times{utc(2026, 1, 30), utc(2027, 1, 29)});
  CHECK(firings("0 0 * * FRI#2", begin, 2) == Times{utc(2026, 1, 9), utc(2026, 2, 13)});
  CHECK(firings("0 0 * * 5L", begin, 2) == Times{utc(2026, 1, 30), utc(2026, 2, 27)});
  CHECK(firings("0 0 ? * FRIL", begin, 1) == Times{utc(2026, 1, 30)});
  CHECK(firings("0 0 29 2 *", begin, 2) == Times{utc(2028, 2, 29), utc(2032, 2, 29)});
  CHECK(firings("0 0 * 2 MON#5", begin, 2) == Times{utc(2044, 2, 29), utc(2072, 2, 29)});
}

TEST_CASE("a time that clocks skip fires when the gap ends, once", "[core][cron]") {
  Paris const paris;
  // 2:30 does not exist on 29 March: clocks go from 2:00 to 3:00, which is 1:00 UTC.
  CHECK(firings("30 2 * * *", utc(2026, 3, 28), 3, paris) ==
        Times{utc(2026, 3, 28, 1, 30), utc(2026, 3, 29, 1), utc(2026, 3, 30, 0, 30)});
  CHECK(firings("0,15,30,45 2 29 3 ?", utc(2026, 3, 28), 2, paris).front() == utc(2026, 3, 29, 1));
  CHECK(firings("0,15,30,45 2-3 29 3 ?", utc(2026, 3, 28), 3, paris) ==
        Times{utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 15), utc(2026, 3, 29, 1, 30)});
}

TEST_CASE("a time that clocks show twice fires at the first of both", "[core][cron]") {
  Paris const paris;
  CHECK(firings("30 2 * * *", utc(2026, 10, 24), 3, paris) ==
        Times{utc(2026, 10, 24, 0, 30), utc(2026, 10, 25, 0, 30), utc(2026, 10, 26, 1, 30)});
  // Asked between both.
  CHECK(firings("30 2 * * *", utc(2026, 10, 25, 1), 1, paris) == Times{utc(2026, 10, 26, 1, 30)});
}

TEST_CASE("what begins with a star follows the time that passes", "[core][cron]") {
  Paris const paris;
  CHECK(firings("*/30 * * * *", utc(2026, 3, 29, 0, 30), 3, paris) ==
        Times{utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 30)});
  CHECK(firings("*/30 * * * *", utc(2026, 10, 25, 0), 5, paris) ==
        Times{utc(2026, 10, 25, 0), utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1),
              utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 2)});
  // Its hour does not exist on that day.
  CHECK(firings("*/30 2 * * *", utc(2026, 3, 29), 1, paris) == Times{utc(2026, 3, 30)});
  CHECK(firings("30 * * * *", utc(2026, 10, 25, 0), 3, paris) ==
        Times{utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30), utc(2026, 10, 25, 2, 30)});
}

TEST_CASE("a wrong expression is refused: which field, where, and what it may hold",
          "[core][cron]") {
  struct Row {
    char const* text;
    char const* says;
  };
  auto const row = GENERATE(
      values<Row>({{"", "is empty"},
                   {"* * * *", "another number of fields"},
                   {"* * * * * * *", "another number of fields"},
                   {"@often", "'@often' is no shorthand"},
                   {"60 * * * *", "minute: '60' is out of range (position 1); expected 0 to 59"},
                   {"0 24 * * *", "hour: '24' is out of range (position 3)"},
                   {"0 0 0 * *", "day of month: '0' is out of range"},
                   {"0 0 32 * *", "day of month: '32'"},
                   {"0 0 1 13 *", "month: '13'"},
                   {"0 0 1 JANUARY *", "month: 'JANUARY' is no name"},
                   {"0 0 * * MON-FRY", "day of week: 'FRY' is no name (position 13)"},
                   {"0 0 * * 8", "day of week: '8' is out of range"},
                   {"30-10 * * * *", "minute: '30-10' ends before it begins"},
                   {"*/0 * * * *", "minute: '0' is no step"},
                   {"*/60 * * * *", "minute: '60' is a step beyond"},
                   {"5- * * * *", "minute: a value is missing"},
                   {"5,,6 * * * *", "a value is missing"},
                   {"5, * * * *", "a value is missing"},
                   {"a * * * *", "minute: 'a' is no name"},
                   {"-5 * * * *", "a value is missing"},
                   {"+5 * * * *", "a value is missing"},
                   {"5x * * * *", "minute: 'x' is not expected here (position 2)"},
                   {"? * * * *", "minute: '?' may not stand in this field"},
                   {"0 L * * *", "hour: 'L' may not stand"},
                   {"0 0 * L *", "month: 'L' may not stand"},
                   {"0 0 5L * *", "day of month: '5L' may not stand"},
                   {"0 0 * * 5W", "day of week: '5W' may not stand"},
                   {"0 0 * * 5#6", "day of week: '5#6' is out of range"},
                   {"0 0 * * 5#0", "is out of range"},
                   {"0 0 L-31 * *", "is out of range"},
                   {"0 0 30 2 *", "never fires"},
                   {"0 0 31 2,4,6,9,11 ?", "never fires"},
                   {"0 0 L-30 4 *", "never fires"},
                   {"99999999999999999999 * * * *", "is out of range"}}));
  CAPTURE(row.text);
  CHECK_THROWS_AS(CronExpression::parse(row.text), ValidationError);
  CHECK_THROWS_WITH(CronExpression::parse(row.text), Catch::Contains(row.says));
}

TEST_CASE("of a wrong expression that is long no more is said than helps", "[core][cron]") {
  try {
    (void)CronExpression::parse(std::string(1'000'000, 'x'));
    FAIL("it was taken");
  } catch (ValidationError const& error) {
    CHECK(std::string_view{error.what()}.size() < 600);
  }
}
