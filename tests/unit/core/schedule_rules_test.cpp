#include "core/schedule_rules.hpp"

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono;

namespace {

class UtcZone : public TimeZone {
 public:
  [[nodiscard]] ZonePeriod period_at(sys_seconds) const override {
    return {sys_seconds::min(), sys_seconds::max(), 0s};
  }
};

Instant on(unsigned day_of_may, int hour, int minute = 0, int second = 0) {
  return sys_days{2026y / May / day_of_may} + hours{hour} + minutes{minute} + seconds{second};
}

/// A schedule and what its rules refer to.
struct Sample {
  CronExpression expression;
  CronOptions options{};
  UtcZone zone{};
  explicit Sample(std::string_view text, CronOptions chosen = {})
      : expression(CronExpression::parse(text)), options(std::move(chosen)) {}
  [[nodiscard]] ScheduleRules rules() const {
    return {{0x0192f0c100007000, 0x8000000000000007}, expression, zone, options};
  }
};

using Instants = std::vector<Instant>;

}  // namespace

TEST_CASE("an instant that is due fires, and the next one is the cursor", "[core][schedule]") {
  Sample const hourly{"0 * * * *"};
  auto const due = due_firings(hourly.rules(), on(1, 9), on(1, 9, 0, 2), 100);
  CHECK(due.fire == Instants{on(1, 9)});
  CHECK_FALSE(due.missed);
  CHECK(due.next == on(1, 10));
}

TEST_CASE("skip fires what is a minute late at most, and only the latest", "[core][schedule]") {
  Sample const hourly{"0 * * * *"};
  SECTION("a minute late") {
    auto const due = due_firings(hourly.rules(), on(1, 6), on(1, 9, 1), 100);
    CHECK(due.fire == Instants{on(1, 9)});
    REQUIRE(due.missed);
    CHECK(due.missed->first == on(1, 6));
    CHECK(due.missed->last == on(1, 8));
    CHECK(due.missed->count == 3);
    CHECK(due.next == on(1, 10));
  }
  SECTION("later") {
    auto const due = due_firings(hourly.rules(), on(1, 6), on(1, 9, 1, 1), 100);
    CHECK(due.fire.empty());
    REQUIRE(due.missed);
    CHECK(due.missed->first == on(1, 6));
    CHECK(due.missed->last == on(1, 9));
    CHECK(due.missed->count == 4);
    CHECK(due.next == on(1, 10));
  }
  SECTION("the only one") {
    auto const due = due_firings(hourly.rules(), on(1, 9), on(1, 9, 30), 100);
    CHECK(due.fire.empty());
    CHECK(due.missed->count == 1);
  }
}

TEST_CASE("run_once fires the latest, however late", "[core][schedule]") {
  Sample const hourly{"0 * * * *", {.catchup = CatchupPolicy::run_once}};
  auto const due = due_firings(hourly.rules(), on(1, 6), on(3, 9, 30), 100);
  CHECK(due.fire == Instants{on(3, 9)});
  CHECK(due.missed->first == on(1, 6));
  CHECK(due.missed->last == on(3, 8));
  CHECK(due.missed->count == 51);
  CHECK(due.next == on(3, 10));
}

TEST_CASE("run_all fires all, oldest first, up to so many", "[core][schedule]") {
  Sample const hourly{"0 * * * *", {.catchup = CatchupPolicy::run_all}};
  SECTION("all") {
    auto const due = due_firings(hourly.rules(), on(1, 6), on(1, 9, 30), 4);
    CHECK(due.fire == Instants{on(1, 6), on(1, 7), on(1, 8), on(1, 9)});
    CHECK_FALSE(due.missed);
    CHECK(due.next == on(1, 10));
  }
  SECTION("too many") {
    auto const due = due_firings(hourly.rules(), on(1, 6), on(1, 9, 30), 3);
    CHECK(due.fire == Instants{on(1, 6), on(1, 7), on(1, 8)});
    CHECK(due.missed->first == on(1, 9));
    CHECK(due.missed->count == 1);
    CHECK_THAT(due.missed->reason, Catch::Contains("cron_max_catchup_executions = 3"));
    CHECK(due.next == on(1, 10));
  }
}

// Seconds of years are neither walked nor counted: a runner is not held up by them.
TEST_CASE("a long outage is dealt with at once", "[core][schedule]") {
  Sample const january{"* * * * 1 *"};
  Instant const from = sys_days{1996y / January / 1};
  Instant const now = sys_days{2026y / December / 24};
  auto const begun = steady_clock::now();
  auto const due = due_firings(january.rules(), from, now, 100);
  CHECK(due.fire.empty());
  CHECK(due.missed->last == sys_days{2026y / January / 31} + 24h - 1s);
  CHECK_FALSE(due.missed->count);
  CHECK(due.next == sys_days{2027y / January / 1});
  CHECK(steady_clock::now() - begun < 1s);
}

TEST_CASE("nothing fires before the start and after the end, which both fire", "[core][schedule]") {
  Sample const bounded{"0 * * * *", {.start = on(2, 6), .end = on(2, 8)}};
  CHECK(next_firing(bounded.rules(), on(1, 0)) == on(2, 6));
  CHECK(next_firing(bounded.rules(), on(2, 6)) == on(2, 7));
  CHECK(next_firing(bounded.rules(), on(2, 7)) == on(2, 8));
  CHECK_FALSE(next_firing(bounded.rules(), on(2, 8)));
  Sample const between{"0 * * * *", {.start = on(2, 6) + 1us, .end = on(2, 8) - 1us}};
  CHECK(next_firing(between.rules(), on(1, 0)) == on(2, 7));
  CHECK_FALSE(next_firing(between.rules(), on(2, 7)));
}

TEST_CASE("jitter delays each instant by another part, the same for everybody",
          "[core][schedule]") {
  Sample const jittered{"0 * * * *", {.jitter = 10min}};
  auto const rules = jittered.rules();
  milliseconds least = 10min, most = 0ms;
  for (int hour = 0; hour < 24; ++hour) {
    auto const jitter = jitter_of(rules, on(1, hour));
    CHECK(jitter == jitter_of(rules, on(1, hour)));
    least = std::min(least, jitter);
    most = std::max(most, jitter);
  }
  CHECK(least >= 0ms);
  CHECK(most <= 10min);
  CHECK(most - least > 3min);
  auto const due_at = on(1, 9) + jitter_of(rules, on(1, 9));
  auto const due = due_firings(rules, on(1, 9), due_at, 100);
  CHECK(due.fire == Instants{on(1, 9)});
  CHECK(due.next == on(1, 10));
}

TEST_CASE("what cannot be registered is refused by its field", "[core][schedule]") {
  auto const refused = [](Sample const& sample) -> std::pair<std::string, std::string> {
    try {
      check_schedule(sample.rules(), on(1, 0));
    } catch (ValidationError const& error) {
      return {error.where(), error.what()};
    }
    return {};
  };
  CHECK(refused(Sample{"0 * * * *"}).first.empty());
  auto const [end, sentence] = refused(Sample{"0 * * * *", {.start = on(3, 0), .end = on(2, 0)}});
  CHECK(end == "end");
  CHECK_THAT(sentence, Catch::Contains("2026-05-02T00:00:00+00:00") &&
                           Catch::Contains("before it starts at 2026-05-03"));
  CHECK(refused(Sample{"0 9 * * *", {.start = on(3, 10), .end = on(3, 11)}}).first == "end");
  CHECK_THAT(refused(Sample{"*/5 * * * *", {.jitter = 5min}}).second,
             Catch::Contains("jitter is 5m") && Catch::Contains("which is 5m"));
  CHECK(refused(Sample{"*/5 * * * *", {.jitter = 5min - 1ms}}).first.empty());
  CHECK(refused(Sample{"*/5 * * * *", {.jitter = -1ms}}).first == "jitter");
}
