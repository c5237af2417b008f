// A year of schedules and triggers on the clock of a simulation, with runners that crash.
#include <map>
#include <random>
#include <set>

#include <cloacina/schedules.hpp>
#include <cloacina/workflow_builder.hpp>

#include "core/instant_text.hpp"
#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/scratch_directory.hpp"
#include "support/simulated_runner.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

constexpr auto span_of_year = 365 * 24h;

/// Runners on one file that crash at random. Now and then nobody is there for days; seldom two are,
/// because those listen for each other 25 times a second.
class Year {
 public:
  explicit Year(unsigned seed) : simulation_(seed), dice_(seed) {}

  void live() {
    auto const end = simulation_.monotonic() + span_of_year;
    start();
    register_schedules();
    begun_ = simulation_.now();
    while (simulation_.monotonic() < end) {
      simulation_.run_for(std::chrono::minutes{draw(60, 16 * 24 * 60)});
      if (draw(0, 1) == 0) {
        start();
        simulation_.run_for(std::chrono::minutes{draw(1, 20)});
      }
      kill_one();
      if (runners_.empty()) simulation_.run_for(std::chrono::minutes{draw(1, 5 * 24 * 60)});
      if (runners_.empty()) start();
    }
    ended_ = simulation_.now();
    simulation_.run_for(3h);  // what was due at the end has run
  }

  [[nodiscard]] detail::ScheduleBook& book() {
    return runners_.begin()->second->machine().schedule_book();
  }
  [[nodiscard]] RawDatabase raw() const { return RawDatabase{directory_.path() / "year.db"}; }
  [[nodiscard]] std::map<std::string, ScheduleId> const& schedules() const { return ids_; }
  [[nodiscard]] Instant begun() const { return begun_; }
  [[nodiscard]] Instant ended() const { return ended_; }
  [[nodiscard]] int kills() const { return kills_; }
  [[nodiscard]] static int numbers() { return 500; }

 private:
  int draw(int least, int most) { return std::uniform_int_distribution{least, most}(dice_); }

  void start() {
    SimulatedRunnerOptions options{.url = directory_.sqlite_url("year.db") + "?_synchronous=NORMAL",
                                   .process = std::to_string(next_++)};
    options.config.scheduler_poll_interval = 30min;
    options.config.lease = 10min;
    options.config.max_crashes = 100;
    options.triggers.push_back({.name = "numbers",
                                .workflow = "noted",
                                .poll_interval = 8h,
                                .poll = [](TriggerContext& trigger) {
                                  auto const* const last = trigger.state.find("last");
                                  int const next = last == nullptr ? 1 : last->get<int>() + 1;
                                  if (next > numbers()) return TriggerResult::skip();
                                  trigger.state.put("last", next);
                                  return TriggerResult::fire({{"number", next}});
                                }});
    auto const workflow = WorkflowBuilder{"noted"}.task("only", [](TaskContext<>&) {}).build();
    auto const process = options.process;
    runners_.emplace(process, std::make_unique<SimulatedRunner>(simulation_, std::vector{workflow},
                                                                std::move(options)));
  }

  void kill_one() {
    auto const victim = std::next(runners_.begin(), draw(0, static_cast<int>(runners_.size()) - 1));
    simulation_.kill(victim->first);
    runners_.erase(victim);
    ++kills_;
  }

  void register_schedules() {
    auto const add = [&](std::string name, std::string expression, CatchupPolicy catchup) {
      CronOptions options{.timezone = "Europe/Paris", .name = name, .catchup = catchup};
      ids_[name] = book().register_all({{"noted", std::move(expression), options}}).front();
    };
    add("all", "30 2,14 * * *", CatchupPolicy::run_all);
    add("once", "0 */6 * * *", CatchupPolicy::run_once);
    add("skip", "15 9 * * MON-FRI", CatchupPolicy::skip);
  }

  ScratchDirectory directory_;
  Simulation simulation_;
  std::mt19937 dice_;
  std::map<std::string, std::unique_ptr<SimulatedRunner>> runners_;
  std::map<std::string, ScheduleId> ids_;
  Instant begun_{}, ended_{};
  int next_ = 0;
  int kills_ = 0;
};

/// What became of each instant, by the history; each at most once.
std::map<Instant, FiringOutcome> outcomes_of(std::vector<CronFiring> const& history,
                                             std::string_view expression) {
  std::map<Instant, FiringOutcome> outcomes;
  auto const note = [&](Instant at, FiringOutcome outcome) {
    CHECK(outcomes.emplace(at, outcome).second);
  };
  for (auto const& line : history) {
    if (!line.until) {
      note(line.scheduled_time, line.outcome);
      continue;
    }
    auto at = line.scheduled_time;
    for (std::size_t i = 0; i < line.instants.value(); ++i) {
      note(at, line.outcome);
      if (i + 1 == line.instants) CHECK(at == line.until);
      at = next_firings(expression, "Europe/Paris", at, 1).front();
    }
  }
  return outcomes;
}

}  // namespace

TEST_CASE("a year with crashes: every instant has exactly one outcome, by its policy",
          "[engine][simulation][schedules]") {
  Year world{1};
  world.live();
  REQUIRE(world.kills() > 20);
  std::size_t missed = 0;
  for (auto const& [name, id] : world.schedules()) {
    CAPTURE(name);
    auto const schedule = world.book().get(id);
    auto const outcomes = outcomes_of(world.book().history(id, 10'000, 0), schedule.expression);
    std::size_t instants = 0;
    for (auto at = next_firings(schedule.expression, "Europe/Paris", world.begun(), 1).front();
         at <= world.ended();
         at = next_firings(schedule.expression, "Europe/Paris", at, 1).front(), ++instants) {
      auto const found = outcomes.find(at);
      CAPTURE(to_iso_text(at));
      REQUIRE(found != outcomes.end());
      if (name == "all") REQUIRE(found->second == FiringOutcome::fired);
      missed += found->second == FiringOutcome::missed ? 1U : 0U;
    }
    CHECK(instants >= (name == "skip" ? 260U : 700U));
  }
  CHECK(missed > 20);

  // What the history says has fired was run once, and nothing else was.
  auto const raw = world.raw();
  CHECK(raw.integer("SELECT count(*) FROM workflow_executions") ==
        raw.integer("SELECT count(*) FROM schedule_firings WHERE outcome = 'fired'"));
  CHECK(raw.integer("SELECT count(*) FROM workflow_executions WHERE status <> 'Completed'") == 0);
  CHECK(raw.integer("SELECT count(DISTINCT input -> '$.schedule_id' || "
                    "(input -> '$.scheduled_time')) FROM workflow_executions "
                    "WHERE input -> '$.schedule_id' IS NOT NULL") ==
        raw.integer("SELECT count(*) FROM workflow_executions WHERE input -> '$.schedule_id' "
                    "IS NOT NULL"));
  // The trigger has counted on without a gap and without a repetition.
  auto const numbers = raw.column(
      "SELECT input -> '$.number' FROM workflow_executions "
      "WHERE input -> '$.number' IS NOT NULL ORDER BY 1 + (input -> '$.number')");
  REQUIRE(numbers.size() > 200);
  for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] == std::to_string(i + 1));
}
