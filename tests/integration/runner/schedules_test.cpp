// Cron schedules from their registration to the end of what they submit, and what the history says.
#include <cloacina/client.hpp>
#include <cloacina/cron.hpp>
#include <cloacina/error.hpp>
#include <cloacina/workflow_symbol.hpp>

#include "support/captured_log.hpp"
#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

DefaultRunnerConfig watchful() {
  DefaultRunnerConfig config;
  config.scheduler_poll_interval = 20ms;
  config.task_timeout = config.workflow_timeout = 0ms;  // of a calendar that leaps
  return config;
}

/// A wall clock that shows noon, and that a test sets forward; all else goes on as it does.
class Calendar {
 public:
  Calendar() { go_to(today() + 36h); }
  [[nodiscard]] Environment environment() const {
    auto environment = Environment::system();
    environment.now = [ahead = ahead_] {
      return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()) +
             std::chrono::microseconds{ahead->load()};
    };
    return environment;
  }
  [[nodiscard]] Instant today() const {
    return std::chrono::floor<std::chrono::days>(environment().now());
  }
  void go_to(Instant instant) { ahead_->fetch_add((instant - environment().now()).count()); }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> ahead_ =
      std::make_shared<std::atomic<std::int64_t>>(0);
};

DefaultRunner start_at(Calendar const& calendar, std::string const& url,
                       std::vector<Workflow> const& workflows,
                       DefaultRunnerConfig config = watchful()) {
  return DefaultRunner::builder()
      .database_url(url)
      .registry(registry_of(workflows))
      .config(std::move(config))
      .environment(calendar.environment())
      .build();
}

/// Notes the instant that it is given.
Workflow noting(Log& log) {
  return one_task("noting", [&log](TaskContext<>& context) {
    log.add(context.get_as<std::string>("scheduled_time"));
  });
}

std::vector<CronFiring> wait_for_history(Schedules const& schedules, ScheduleId id,
                                         std::size_t lines) {
  auto const give_up = Clock::now() + patience;
  for (;;) {
    auto history = schedules.get_cron_execution_history(id);
    if (history.size() >= lines) return history;
    if (Clock::now() > give_up)
      throw std::runtime_error{"only " + std::to_string(history.size()) + " lines of history"};
    std::this_thread::sleep_for(5ms);
  }
}

CLOACINA_KEY(region, std::string);
CLOACINA_TASK(declared_work, .reads = {region}) {}
CLOACINA_WORKFLOW(declared, .inputs = {region}, .tasks = {declared_work});
CLOACINA_CRON(declared(region = "north"), "0 9 * * MON-FRI", .timezone = "Europe/Paris",
              .overlap = cloacina::OverlapPolicy::skip);

CLOACINA_KEY(scheduled_time, std::string);
CLOACINA_TASK(declared_stamp, .reads = {region, scheduled_time}) {}
CLOACINA_WORKFLOW(stamped, .inputs = {region, scheduled_time}, .tasks = {declared_stamp});
CLOACINA_CRON(scheduled(stamped, region = "south"), "30 9 * * *", .name = "stamped");

}  // namespace

TEST_CASE("a schedule fires each second, once, with what it was registered with", "[schedules]") {
  TestDatabase database;
  Log log;
  auto runner = start(database.url(), {one_task("tick", [&](TaskContext<>& context) {
                        log.add(context.get_as<std::string>("scheduled_time") + " " +
                                context.get_as<std::string>("schedule_timezone") + " " +
                                context.get_as<std::string>("schedule_expression") + " " +
                                context.get_as<std::string>("schedule_id") + " " +
                                context.get_as<std::string>("region"));
                      })});
  CronOptions options{.timezone = "Europe/Paris"};
  options.parameters.put("region", "north");
  auto const id = runner.register_cron_workflow("tick", "* * * * * *", options);
  auto const lines = log.wait_for(3);
  runner.set_cron_schedule_enabled(id, false);
  std::set<std::string> const different{lines.begin(), lines.end()};
  CHECK(different.size() == lines.size());
  for (auto const& line : lines)
    CHECK_THAT(line, Contains("+00:00 Europe/Paris * * * * * * " + id.to_string() + " north"));

  auto const schedule = runner.get_cron_schedule(id);
  CHECK(schedule.workflow == "tick");
  CHECK(schedule.expression == "* * * * * *");
  CHECK(schedule.options.timezone == "Europe/Paris");
  CHECK_FALSE(schedule.options.enabled);
  CHECK_FALSE(schedule.next_run_at);
  CHECK(schedule.last_run_at);
  CHECK(schedule.error.empty());
  auto const history = runner.get_cron_execution_history(id);
  REQUIRE(history.size() >= 3);
  CHECK(history.front().scheduled_time > history.back().scheduled_time);
  for (auto const& firing : history) {
    CHECK(firing.outcome == FiringOutcome::fired);
    CHECK(wait(runner.handle(firing.execution.value())).status() == WorkflowStatus::completed);
  }
  auto const stats = runner.get_cron_execution_stats(schedule.created_at);
  CHECK(stats.total_executions == history.size());
  CHECK(stats.successful_executions == history.size());
  CHECK(stats.lost_executions == 0);
  CHECK(stats.success_rate() == 100);
}

TEST_CASE("what is registered again is the same schedule, and takes the rest from there",
          "[schedules]") {
  TestDatabase database;
  Client client{database.url(), registry_of({nothing()})};
  auto const unnamed = client.register_cron_workflow("nothing", "0 9 * * *");
  CHECK(client.register_cron_workflow("nothing", "0 9 * * *") == unnamed);
  CHECK(client.register_cron_workflow("nothing", "0 9 * * *", {.timezone = "Asia/Tokyo"}) !=
        unnamed);
  CHECK(client.register_cron_workflow("nothing", "0 10 * * *") != unnamed);
  auto const before = client.get_cron_schedule(unnamed);
  client.set_cron_schedule_enabled(unnamed, false);
  CHECK(client.register_cron_workflow("nothing", "0 9 * * *",
                                      {.catchup = CatchupPolicy::run_all, .jitter = 5min}) ==
        unnamed);
  auto const after = client.get_cron_schedule(unnamed);
  CHECK(after.options.catchup == CatchupPolicy::run_all);
  CHECK(after.options.jitter == 5min);
  CHECK_FALSE(after.options.enabled);  // what an operator has paused stays so
  client.set_cron_schedule_enabled(unnamed, true);
  CHECK(client.get_cron_schedule(unnamed).next_run_at == before.next_run_at);

  auto const named = client.register_cron_workflow("nothing", "0 9 * * *", {.name = "morning"});
  CHECK(named != unnamed);
  CHECK(client.register_cron_workflow("nothing", "0 7 * * *", {.name = "morning"}) == named);
  CHECK(client.get_cron_schedule(named).expression == "0 7 * * *");
  CHECK(client.list_cron_schedules().size() == 4);
  CHECK(client.list_cron_schedules({.limit = 1, .offset = 3}).front().id == named);

  client.delete_cron_schedule(named);
  CHECK_THROWS_AS(client.get_cron_schedule(named), ScheduleNotFound);
  CHECK_THROWS_AS(client.delete_cron_schedule(named), ScheduleNotFound);
  CHECK_THROWS_AS(client.trigger_cron_schedule(named), ScheduleNotFound);
  CHECK_THROWS_AS(client.get_cron_execution_history(named), ScheduleNotFound);
}

TEST_CASE("what was due while nobody ran follows the catch-up policy", "[schedules]") {
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  ScheduleId skip, once, all;
  Log log;
  auto const policy = [](CatchupPolicy catchup, std::string name) {
    CronOptions options{.name = std::move(name), .catchup = catchup};
    options.parameters.put("policy", std::string{to_string(catchup)});
    return options;
  };
  auto const told = one_task("told", [&](TaskContext<>& context) {
    log.add(context.get_as<std::string>("policy") + " " +
            context.get_as<std::string>("scheduled_time").substr(11, 5));
  });
  {
    auto runner = start_at(calendar, database.url(), {told});
    skip =
        runner.register_cron_workflow("told", "0 13-15 * * *", policy(CatchupPolicy::skip, "skip"));
    once = runner.register_cron_workflow("told", "0 13-15 * * *",
                                         policy(CatchupPolicy::run_once, "once"));
    all = runner.register_cron_workflow("told", "0 13-15 * * *",
                                        policy(CatchupPolicy::run_all, "all"));
  }
  calendar.go_to(begin + 18h);
  auto runner = start_at(calendar, database.url(), {told});
  auto const missed = wait_for_history(runner, skip, 1);
  auto const coalesced = wait_for_history(runner, once, 2);
  auto const caught_up = wait_for_history(runner, all, 3);
  auto lines = log.wait_for(4);
  std::sort(lines.begin(), lines.end());
  CHECK(lines == std::vector<std::string>{"run_all 13:00", "run_all 14:00", "run_all 15:00",
                                          "run_once 15:00"});

  REQUIRE(missed.size() == 1);
  CHECK(missed[0].outcome == FiringOutcome::missed);
  CHECK(missed[0].scheduled_time == begin + 13h);
  CHECK(missed[0].until == begin + 15h);
  CHECK(missed[0].instants == 3);
  CHECK_THAT(missed[0].reason, Contains("no runner could fire it in time"));
  CHECK(coalesced[0].outcome == FiringOutcome::fired);
  CHECK(coalesced[0].scheduled_time == begin + 15h);
  CHECK(coalesced[1].outcome == FiringOutcome::missed);
  CHECK(coalesced[1].instants == 2);
  for (auto const& firing : caught_up) CHECK(firing.outcome == FiringOutcome::fired);
  for (auto const id : {skip, once, all})
    CHECK(runner.get_cron_schedule(id).next_run_at == begin + 24h + 13h);
  CHECK(runner.get_cron_execution_stats(Instant{}).missed == 5);
}

TEST_CASE("an execution before it that is unfinished: beside it, skipped, or after it",
          "[schedules]") {
  auto const overlap = GENERATE(OverlapPolicy::allow, OverlapPolicy::skip, OverlapPolicy::queue);
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  Gate gate;
  Log log;
  std::atomic<int> running{0}, most{0};
  auto const slow = one_task("slow", [&](TaskContext<>& context) {
    log.add(context.get_as<std::string>("scheduled_time").substr(11, 5));
    most = std::max(most.load(), ++running);
    gate.pass();
    --running;
  });
  auto runner = start_at(calendar, database.url(), {slow});
  auto const id = runner.register_cron_workflow("slow", "0 13-15 * * *", {.overlap = overlap});
  for (int hour = 13; hour <= 15; ++hour) {
    calendar.go_to(begin + std::chrono::hours{hour});
    (void)wait_for_history(runner, id, static_cast<std::size_t>(hour - 12));
    (void)log.wait_for(1);
  }
  if (overlap == OverlapPolicy::allow) (void)log.wait_for(3);
  auto history = runner.get_cron_execution_history(id);
  REQUIRE(history.size() == 3);
  CHECK(history[2].outcome == FiringOutcome::fired);
  auto const expected = overlap == OverlapPolicy::allow  ? FiringOutcome::fired
                        : overlap == OverlapPolicy::skip ? FiringOutcome::skipped
                                                         : FiringOutcome::queued;
  CHECK(history[0].outcome == expected);
  CHECK(history[1].outcome == expected);
  if (expected != FiringOutcome::fired) CHECK_THAT(history[1].reason, Contains("unfinished"));
  if (overlap == OverlapPolicy::skip) CHECK_THROWS_AS(runner.trigger_cron_schedule(id), StateError);
  gate.open();
  auto const runs = overlap == OverlapPolicy::skip ? 1u : 3u;
  CHECK(log.wait_for(runs).size() == runs);
  auto const give_up = Clock::now() + patience;
  while (runner.get_cron_execution_stats(Instant{}).successful_executions < runs &&
         Clock::now() < give_up)
    std::this_thread::sleep_for(5ms);
  CHECK(runner.get_cron_execution_stats(Instant{}).successful_executions == runs);
  CHECK(most == (overlap == OverlapPolicy::allow ? 3 : 1));
  if (overlap == OverlapPolicy::queue)
    CHECK(log.lines() == std::vector<std::string>{"13:00", "14:00", "15:00"});
}

TEST_CASE("a paused schedule fires nothing, and what came meanwhile is missed", "[schedules]") {
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  Log log;
  auto runner = start_at(calendar, database.url(), {noting(log)});
  auto const id =
      runner.register_cron_workflow("noting", "0 * * * *", {.catchup = CatchupPolicy::run_all});
  calendar.go_to(begin + 13h);
  CHECK(log.wait_for(1).size() == 1);
  runner.set_cron_schedule_enabled(id, false);
  calendar.go_to(begin + 16h + 30min);
  // By hand it fires, beside its instants.
  auto const by_hand = runner.trigger_cron_schedule(id);
  REQUIRE(by_hand);
  CHECK(wait(runner.handle(*by_hand)).status() == WorkflowStatus::completed);
  CHECK(log.lines().size() == 2);
  runner.set_cron_schedule_enabled(id, true);
  auto const history = runner.get_cron_execution_history(id);
  REQUIRE(history.size() == 3);
  CHECK(history[0].execution == by_hand);
  CHECK(history[1].outcome == FiringOutcome::missed);
  CHECK(history[1].scheduled_time == begin + 14h);
  CHECK(history[1].until == begin + 16h);
  CHECK(history[1].instants == 3);
  CHECK(history[1].reason == "the schedule was paused");
  CHECK(runner.get_cron_schedule(id).next_run_at == begin + 17h);

  // What was missed may still be asked for, and once only.
  auto const filled = runner.backfill_cron_schedule(id, begin + 13h, begin + 16h);
  CHECK(filled.size() == 3);
  for (auto const execution : filled)
    CHECK(wait(runner.handle(execution)).status() == WorkflowStatus::completed);
  CHECK(log.lines().size() == 5);
  CHECK(runner.backfill_cron_schedule(id, begin + 13h, begin + 16h).empty());
  CHECK_THROWS_AS(runner.backfill_cron_schedule(id, begin + 16h, begin + 13h), ValidationError);
  CHECK_THROWS_AS(runner.backfill_cron_schedule(id, begin, begin + 24h), ValidationError);
}

TEST_CASE("what is backfilled out of the missed is not missed any more", "[schedules]") {
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  Log log;
  auto runner = start_at(calendar, database.url(), {noting(log)});
  auto const id = runner.register_cron_workflow("noting", "0 * * * *");
  calendar.go_to(begin + 23h + 30min);  // 13 to 23 are missed
  REQUIRE(wait_for_history(runner, id, 1).front().instants == 11U);
  CHECK(runner.backfill_cron_schedule(id, begin + 15h, begin + 16h).size() == 2);
  auto history = runner.get_cron_execution_history(id);
  REQUIRE(history.size() == 4);
  CHECK(history[0].scheduled_time == begin + 17h);
  CHECK(history[0].until == begin + 23h);
  CHECK(history[0].instants == 7U);
  CHECK(history[1].scheduled_time == begin + 16h);
  CHECK(history[1].outcome == FiringOutcome::fired);
  CHECK(history[2].scheduled_time == begin + 15h);
  CHECK(history[3].scheduled_time == begin + 13h);
  CHECK(history[3].until == begin + 14h);
  CHECK(history[3].instants == 2U);
  CHECK(runner.get_cron_execution_stats(begin).missed == 9);
  CHECK(runner.backfill_cron_schedule(id, begin + 12h + 30min, begin + 23h).size() == 9);
  history = runner.get_cron_execution_history(id);
  CHECK(history.size() == 11);
  CHECK(runner.get_cron_execution_stats(begin).missed == 0);
}

TEST_CASE("schedules of a workflow that no runner knows are told of", "[schedules]") {
  CapturedLog const log;
  TestDatabase database;
  auto config = watchful();
  config.lease = 200ms;
  Client client{database.url(), registry_of({nothing()})};
  (void)client.register_cron_workflow("nothing", "* * * * * *");
  auto const runner = start(database.url(), {one_task("other", [](TaskContext<>&) {})}, config);
  auto const give_up = Clock::now() + patience;
  while (log.count("schedules of workflow 'nothing' are due and do not fire, 1 of them") == 0 &&
         Clock::now() < give_up)
    std::this_thread::sleep_for(5ms);
  CHECK(log.count("schedules of workflow 'nothing' are due") == 1);
}

TEST_CASE("another expression and zone hold from now on", "[schedules]") {
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  Log log;
  auto runner = start_at(calendar, database.url(), {noting(log)});
  auto const id = runner.register_cron_workflow("noting", "0 13 * * *");
  runner.update_cron_schedule(id, "30 13 * * *", "UTC");
  calendar.go_to(begin + 13h + 30min);
  CHECK_THAT(log.wait_for(1).front(), Contains("T13:30:00"));
  auto const other = runner.register_cron_workflow("noting", "0 13 * * *");
  CHECK_THROWS_WITH(runner.update_cron_schedule(other, "30 13 * * *", "UTC"),
                    Contains("another schedule of workflow 'noting'"));
  CHECK_THROWS_AS(runner.update_cron_schedule(id, "61 * * * *", "UTC"), ValidationError);
  CHECK_THROWS_WITH(runner.update_cron_schedule(id, "0 * * * *", "Europe/Pris"),
                    Contains("Europe/Paris"));
  CHECK(runner.get_cron_schedule(id).expression == "30 13 * * *");
}

TEST_CASE("two runners of one database fire each instant once", "[schedules]") {
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  Log log;
  auto first = start_at(calendar, database.url(), {noting(log)});
  auto second = start_at(calendar, database.url(), {noting(log)});
  std::vector<CronRegistration> registrations;
  for (int i = 0; i < 50; ++i)
    registrations.push_back({"noting", "0 * * * *", {.name = std::to_string(i)}});
  auto const ids = first.register_cron_workflows(registrations);
  CHECK(ids.size() == 50);
  for (int hour = 13; hour <= 17; ++hour) {
    calendar.go_to(begin + std::chrono::hours{hour});
    (void)log.wait_for(static_cast<std::size_t>(50 * (hour - 12)));
  }
  CHECK(log.lines().size() == 250);
  for (auto const id : ids) CHECK(first.get_cron_execution_history(id).size() == 5);
}

TEST_CASE("a registration is refused by what is wrong with it", "[schedules]") {
  TestDatabase database;
  Client client{
      database.url(),
      registry_of(
          {WorkflowBuilder{"needy"}.input("region").task("only", [](TaskContext<>&) {}).build(),
           nothing()})};
  auto const refused = [&](std::string_view workflow, std::string_view expression,
                           CronOptions options = {}) {
    try {
      (void)client.register_cron_workflow(workflow, expression, std::move(options));
    } catch (Error const& error) {
      return std::string{error.what()};
    }
    return std::string{"accepted"};
  };
  CHECK_THAT(refused("nothin", "0 9 * * *"), Contains("did you mean 'nothing'"));
  CHECK_THAT(refused("nothing", "0 25 * * *"), Contains("hour") && Contains("'25'"));
  CHECK_THAT(refused("nothing", "0 9 30 2 *"), Contains("never fires"));
  CHECK_THAT(refused("nothing", "0 9 * * *", {.timezone = "Europe/Pariss"}),
             Contains("Europe/Paris"));
  CHECK_THAT(refused("nothing", "*/5 * * * *", {.jitter = 5min}), Contains("jitter"));
  CHECK_THAT(refused("nothing", "0 9 * * *", {.end = Instant{}}), Contains("end"));
  CHECK_THAT(refused("needy", "0 9 * * *"), Contains("needs input 'region'"));
  CronOptions taken;
  taken.parameters.put("schedule_id", 7);
  CHECK_THAT(refused("nothing", "0 9 * * *", taken), Contains("parameter 'schedule_id'"));
  CHECK_THAT(refused("nothing", "0 9 * * *", {.name = std::string(256, 'x')}), Contains("255"));
  CHECK(client.list_cron_schedules().empty());
  CHECK_THROWS_AS(client.list_cron_schedules({.limit = 0}), ValidationError);
}

// Its workflow may take other inputs after a release, its zone may be none on this machine.
TEST_CASE("a schedule that cannot fire says why, and holds up no other", "[schedules]") {
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  Log log;
  ScheduleId broken;
  {
    auto runner = start_at(calendar, database.url(), {nothing(), noting(log)});
    broken = runner.register_cron_workflow("nothing", "0 13 * * *");
    (void)runner.register_cron_workflow("noting", "0 13 * * *");
  }
  auto const needy =
      WorkflowBuilder{"nothing"}.input("region").task("only", [](TaskContext<>&) {}).build();
  auto runner = start_at(calendar, database.url(), {needy, noting(log)});
  calendar.go_to(begin + 13h);
  CHECK(log.wait_for(1).size() == 1);
  auto const give_up = Clock::now() + patience;
  while (runner.get_cron_schedule(broken).error.empty() && Clock::now() < give_up)
    std::this_thread::sleep_for(5ms);
  CHECK_THAT(runner.get_cron_schedule(broken).error, Contains("needs input 'region'"));
  CHECK(runner.get_cron_execution_history(broken).empty());
}

TEST_CASE("a runner that fires no schedules leaves them to others", "[schedules]") {
  TestDatabase database;
  Calendar calendar;
  auto const begin = calendar.today();
  Log log;
  auto config = watchful();
  config.enable_cron_scheduling = false;
  auto idle = start_at(calendar, database.url(), {noting(log)}, config);
  auto const id = idle.register_cron_workflow("noting", "0 13 * * *");
  calendar.go_to(begin + 13h);
  // A submission goes through it after the instant: it has had its turns.
  CHECK(wait(idle.submit("noting",
                         [] {
                           Context context;
                           context.put("scheduled_time", std::string{"by hand"});
                           return context;
                         }()))
            .status() == WorkflowStatus::completed);
  CHECK(idle.get_cron_execution_history(id).empty());
  auto runner = start_at(calendar, database.url(), {noting(log)});
  CHECK(log.wait_for(2).back() != "by hand");
}

TEST_CASE("what a program declares, each runner registers when it starts", "[schedules]") {
  TestDatabase database;
  ScheduleId id;
  for (int start = 0; start < 2; ++start) {
    DefaultRunner runner{database.url()};
    auto const schedules = runner.list_cron_schedules();
    REQUIRE(schedules.size() == 2);
    CHECK(schedules.back().workflow == "stamped");
    CHECK(schedules.back().options.parameters.get_as<std::string>("region") == "south");
    auto const& schedule = schedules.front();
    if (start == 1) CHECK(schedule.id == id);
    id = schedule.id;
    CHECK(schedule.workflow == "declared");
    CHECK(schedule.expression == "0 9 * * MON-FRI");
    CHECK(schedule.options.timezone == "Europe/Paris");
    CHECK(schedule.options.overlap == OverlapPolicy::skip);
    CHECK(schedule.options.parameters.get_as<std::string>("region") == "north");
    CHECK(schedule.next_run_at ==
          next_firings("0 9 * * MON-FRI", "Europe/Paris", schedule.created_at, 1).front());
  }
}

TEST_CASE("a schedule whose zone is not known any more is mended by an update", "[schedules]") {
  TestDatabase database;
  Client client{database.url(), registry_of({nothing()})};
  auto const id = client.register_cron_workflow("nothing", "0 9 * * *");
  TestDatabase::Raw{database}.execute("UPDATE schedules SET timezone = 'Gone/Zone'");
  CHECK(client.get_cron_schedule(id).options.timezone == "Gone/Zone");
  client.update_cron_schedule(id, "0 9 * * *", "Europe/Paris");
  CHECK(client.get_cron_schedule(id).options.timezone == "Europe/Paris");
}
