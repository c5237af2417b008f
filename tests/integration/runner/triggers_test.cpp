// Event triggers from their registration to the end of what they fire, who polls them, and what the
// history says.
#include <algorithm>
#include <future>
#include <set>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>
#include <cloacina/trigger.hpp>
#include <cloacina/workflow_symbol.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

DefaultRunnerConfig polling() {
  DefaultRunnerConfig config;
  config.scheduler_poll_interval = 20ms;
  config.lease = 600ms;
  return config;
}

using Poll = std::function<TriggerResult(TriggerContext&)>;

TriggerDefinition trigger_of(std::string name, Poll poll, bool allow_concurrent = false,
                             Duration interval = 5ms) {
  return {.name = std::move(name),
          .workflow = "found",
          .poll_interval = interval,
          .allow_concurrent = allow_concurrent,
          .poll = std::move(poll)};
}

/// Notes what it is given.
Workflow noting_number(Log& log) {
  return one_task("found", [&log](TaskContext<>& context) {
    log.add(std::to_string(context.get_as<int>("number")));
  });
}

/// Counts up in its state to `most`, and fires each number.
Poll counting(int most) {
  return [most](TriggerContext& trigger) {
    auto const* const last = trigger.state.find("last");
    auto const next = last == nullptr ? 1 : last->get<int>() + 1;
    if (next > most) return TriggerResult::skip();
    trigger.state.put("last", next);
    return TriggerResult::fire({{"number", next}});
  };
}

std::vector<TriggerFiring> wait_for_history(Schedules const& schedules, std::string_view name,
                                            std::function<bool(TriggerFiring const&)> const& which,
                                            std::size_t lines = 1) {
  auto const give_up = Clock::now() + patience;
  for (;;) {
    auto history = schedules.get_trigger_execution_history(name, 1'000);
    std::erase_if(history, [&](auto const& firing) { return !which(firing); });
    if (history.size() >= lines) return history;
    if (Clock::now() > give_up)
      throw std::runtime_error{"only " + std::to_string(history.size()) + " such lines"};
    std::this_thread::sleep_for(5ms);
  }
}

auto is(FiringOutcome outcome) {
  return [outcome](TriggerFiring const& firing) { return firing.outcome == outcome; };
}

/// A runner that polls a trigger of all such runners, and notes that it was the one. No lease is so
/// short that a busy machine holds somebody up for longer.
DefaultRunner start_polling_as(std::string const& who, std::string const& url,
                               std::chrono::milliseconds lease, TaskFunction body, Log& log) {
  auto registry = registry_of({one_task("found", std::move(body))});
  registry.add_trigger(trigger_of("shared", [&log, who](TriggerContext&) {
    log.add(who);
    return TriggerResult::skip();
  }));
  auto config = polling();
  config.lease = lease;
  return DefaultRunner::builder().database_url(url).registry(registry).config(config).build();
}

std::vector<std::string> sorted_lines(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

CLOACINA_KEY(number, int);
CLOACINA_TASK(declared_find_work, .reads = {number}) {}
CLOACINA_WORKFLOW(declared_find, .inputs = {number}, .tasks = {declared_find_work});
std::atomic<int> declared_polls{0};
CLOACINA_TRIGGER(declared_trigger, .workflow = declared_find, .poll_interval = "10ms") {
  if (++declared_polls != 1) return skip();
  trigger.state.put("seen", 1);
  return fire(std::vector{declared_find(number = 1), declared_find(number = 2)});
}
CLOACINA_CO_TRIGGER(declared_coroutine, .workflow = "declared_find", .poll_interval = 10ms,
                    .name = "declared by coroutine") {
  co_await trigger.async_sleep_for(1ms);
  if (trigger.state.contains("seen")) co_return skip();
  trigger.state.put("seen", true);
  co_return fire(declared_find(number = 3));
}

}  // namespace

TEST_CASE("a trigger fires what it finds, and keeps how far it has come", "[triggers]") {
  TestDatabase database;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  runner.add_trigger(trigger_of("numbers", counting(5)));
  CHECK(sorted_lines(log.wait_for(5)) == std::vector<std::string>{"1", "2", "3", "4", "5"});

  auto const history = wait_for_history(
      runner, "numbers", [](auto const& line) { return !!line.completed_at; }, 5);
  REQUIRE(history.size() == 5);
  std::set<std::string> hashes;
  for (auto const& firing : history) {
    CHECK(firing.outcome == FiringOutcome::fired);
    CHECK(firing.reason.empty());
    CHECK(firing.context_hash.size() == 32);
    hashes.insert(firing.context_hash);
    auto const result = runner.result(firing.execution.value());
    CHECK(result.context().get_as<std::string>("trigger_name") == "numbers");
    CHECK_THAT(result.context().get_as<std::string>("triggered_at"), Contains("+00:00"));
    CHECK(firing.started_at.value() <= firing.completed_at.value());
  }
  CHECK(hashes.size() == 5);
  CHECK(history.front().polled_at > history.back().polled_at);

  auto const schedule = runner.get_trigger_schedule("numbers");
  CHECK(schedule.name == "numbers");
  CHECK(schedule.workflow == "found");
  CHECK(schedule.poll_interval == 5ms);
  CHECK_FALSE(schedule.allow_concurrent);
  CHECK(schedule.enabled);
  CHECK(schedule.error.empty());
  CHECK(schedule.state.get_as<int>("last") == 5);
  CHECK(schedule.last_run_at == history.front().polled_at);
  CHECK(schedule.last_poll_at.value() >= history.front().polled_at);
  CHECK(runner.list_trigger_schedules().size() == 1);

  // A program that starts again goes on where it was.
  runner.shutdown();
  auto again = DefaultRunner::builder();
  auto registry = registry_of({noting_number(log)});
  registry.add_trigger(trigger_of("numbers", counting(7), false, 10ms));
  auto const second =
      again.database_url(database.url()).registry(registry).config(polling()).build();
  CHECK(sorted_lines(log.wait_for(7)) ==
        std::vector<std::string>{"1", "2", "3", "4", "5", "6", "7"});
  auto const renewed = second.get_trigger_schedule("numbers");
  CHECK(renewed.id == schedule.id);
  CHECK(renewed.poll_interval == 10ms);
}

TEST_CASE("triggers that are declared are polled, synchronous ones and coroutines", "[triggers]") {
  TestDatabase database;
  declared_polls = 0;
  DefaultRunner runner{database.url(), polling()};
  auto const history = wait_for_history(runner, "declared_trigger", is(FiringOutcome::fired), 2);
  CHECK(history.size() == 2);
  (void)wait_for_history(runner, "declared by coroutine", is(FiringOutcome::fired), 1);
  std::vector<std::string> names;
  for (auto const& schedule : runner.list_trigger_schedules()) names.push_back(schedule.name);
  CHECK(sorted_lines(names) ==
        std::vector<std::string>{"declared by coroutine", "declared_trigger"});
  CHECK(runner.get_trigger_schedule("declared_trigger").poll_interval == 10ms);
}

TEST_CASE("an input fires again once the execution that it fired has ended", "[triggers]") {
  TestDatabase database;
  Gate gate;
  Log log;
  auto runner = start(database.url(),
                      {one_task("found",
                                [&](TaskContext<>& context) {
                                  log.add(context.to_json());
                                  gate.pass();
                                })},
                      polling());
  runner.add_trigger(trigger_of("same", [](TriggerContext&) {
    return TriggerResult::fire_all({Context{{"number", 1}}, Context{{"number", 1}}});
  }));
  gate.wait_for_arrivals(1);
  auto const skipped = wait_for_history(runner, "same", [](auto const& line) {
    return line.outcome == FiringOutcome::skipped && line.polls > 3;
  });
  CHECK_THAT(skipped.front().reason, Contains("same input"));
  CHECK(skipped.front().until.value() > skipped.front().polled_at);
  CHECK(wait_for_history(runner, "same", is(FiringOutcome::fired)).size() == 1);
  CHECK(log.lines().size() == 1);
  gate.open();
  CHECK(wait_for_history(runner, "same", is(FiringOutcome::fired), 2).size() >= 2);
}

TEST_CASE("a trigger that may fires while its executions run", "[triggers]") {
  TestDatabase database;
  Gate gate;
  auto config = polling();
  config.max_concurrent_tasks = 8;
  auto runner =
      start(database.url(), {one_task("found", [&](TaskContext<>&) { gate.pass(); })}, config);
  runner.add_trigger(trigger_of(
      "same",
      [](TriggerContext&) {
        return TriggerResult::fire({{"number", 1}});
      },
      true, 50ms));
  gate.wait_for_arrivals(3);
  gate.open();
  CHECK(wait_for_history(runner, "same", is(FiringOutcome::fired), 3).size() >= 3);
}

TEST_CASE("what is suppressed is found again where the state says how far it is", "[triggers]") {
  TestDatabase database;
  Gate gate;
  Log log;
  auto runner = start(database.url(),
                      {one_task("found",
                                [&](TaskContext<>& context) {
                                  gate.pass();
                                  log.add(context.to_json());
                                })},
                      polling());
  runner.add_trigger(trigger_of("rows", [](TriggerContext& trigger) {
    auto const* const last = trigger.state.find("last");
    auto const next = last == nullptr ? 1 : last->get<int>() + 1;
    if (next > 3) return TriggerResult::skip();
    trigger.state.put("last", next);
    return TriggerResult::fire({{"kind", "row"}});  // the same for each
  }));
  gate.wait_for_arrivals(1);
  (void)wait_for_history(runner, "rows", is(FiringOutcome::skipped));
  CHECK(runner.get_trigger_schedule("rows").state.get_as<int>("last") == 1);
  gate.open();
  CHECK(log.wait_for(3).size() == 3);
  CHECK(wait_for_history(runner, "rows", is(FiringOutcome::fired), 3).size() == 3);
}

TEST_CASE("a poll that throws is recorded, and polled on", "[triggers]") {
  TestDatabase database;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  std::atomic<int> polls{0};
  std::atomic<bool> fails{true};
  runner.add_trigger(trigger_of("fails", [&](TriggerContext& trigger) -> TriggerResult {
    trigger.state.put("polls", ++polls);
    if (fails) throw std::runtime_error{"the directory is away"};
    return TriggerResult::fire({{"number", 1}});
  }));
  auto const failed = wait_for_history(runner, "fails", [](auto const& line) {
    return line.outcome == FiringOutcome::failed && line.polls > 2;
  });
  CHECK(failed.size() == 1);  // one line for all
  CHECK_THAT(failed.front().reason, Contains("the directory is away"));
  auto const broken = runner.get_trigger_schedule("fails");
  CHECK_THAT(broken.error, Contains("the directory is away"));
  CHECK(broken.state.empty());
  fails = false;
  (void)log.wait_for(1);
  (void)wait_for_history(runner, "fails", is(FiringOutcome::fired));
  CHECK(runner.get_trigger_schedule("fails").error.empty());
}

TEST_CASE("an input that the workflow does not take is an error of the poll", "[triggers]") {
  TestDatabase database;
  auto runner =
      start(database.url(),
            {WorkflowBuilder{"found"}.input("number").task("only", [](TaskContext<>&) {}).build()},
            polling());
  runner.add_trigger(trigger_of("wrong", [](TriggerContext&) {
    return TriggerResult::fire({{"nummer", 1}});
  }));
  auto const failed = wait_for_history(runner, "wrong", is(FiringOutcome::failed));
  CHECK_THAT(failed.front().reason, Contains("number"));
  runner.add_trigger(trigger_of("taken", [](TriggerContext&) {
    return TriggerResult::fire({{"number", 1}, {"trigger_name", "x"}});
  }));
  CHECK_THAT(wait_for_history(runner, "taken", is(FiringOutcome::failed)).front().reason,
             Contains("rename yours"));
}

TEST_CASE("a poll that does not return times out and delays no other, nor a task", "[triggers]") {
  TestDatabase database;
  Log log;
  Gate gate;
  auto config = polling();
  config.max_concurrent_tasks = 1;
  config.trigger_poll_timeout = 50ms;
  auto runner = start(database.url(), {noting_number(log)}, config);
  for (int i = 0; i < 3; ++i)
    runner.add_trigger(trigger_of("hangs" + std::to_string(i), [&](TriggerContext&) {
      gate.pass();
      return TriggerResult::skip();
    }));
  gate.wait_for_arrivals(3);
  runner.add_trigger(trigger_of("numbers", counting(3)));
  CHECK(log.wait_for(3).size() == 3);
  auto const late = wait_for_history(runner, "hangs0", is(FiringOutcome::failed));
  CHECK(late.front().reason == "timeout: the poll took longer than 50ms");
  // Each keeps its thread; it is polled on until there are too many.
  gate.wait_for_arrivals(3 * 4);
  CHECK(wait(runner.submit("found", {{"number", 4}})).status() == WorkflowStatus::completed);
  CHECK(gate.arrivals() == 3 * 4);
  gate.open();
}

TEST_CASE("a trigger that is always being polled says so, and what its polls came to",
          "[triggers]") {
  TestDatabase database;
  Log log;
  auto config = polling();
  config.trigger_poll_timeout = 20ms;
  auto runner = start(database.url(), {noting_number(log)}, config);
  runner.add_trigger({.name = "slow",
                      .workflow = "found",
                      .poll_interval = 1ms,
                      .co_poll = [](TriggerContext& trigger) -> asio::awaitable<TriggerResult> {
                        co_await trigger.async_sleep_for(patience);
                        co_return TriggerResult::skip();
                      }});
  auto const late = wait_for_history(runner, "slow", is(FiringOutcome::failed));
  CHECK(late.front().reason == "timeout: the poll took longer than 20ms");
  CHECK_FALSE(runner.get_trigger_schedule("slow").error.empty());
}

TEST_CASE("polls run while all workers are taken", "[triggers]") {
  TestDatabase database;
  Gate gate, polled;
  auto config = polling();
  config.max_concurrent_tasks = 1;
  auto runner =
      start(database.url(), {one_task("found", [&](TaskContext<>&) { gate.pass(); })}, config);
  auto const first = runner.submit("found", {});
  gate.wait_for_arrivals(1);
  auto const waiting = runner.submit("found", {});
  runner.add_trigger(trigger_of("looks", [&](TriggerContext&) {
    polled.open();
    return TriggerResult::skip();
  }));
  polled.pass();
  CHECK(gate.arrivals() == 1);  // its worker does no more than the task's would
  gate.open();
  CHECK(wait(waiting).status() == WorkflowStatus::completed);
}

TEST_CASE("a trigger that is paused fires nothing more, also in another process", "[triggers]") {
  TestDatabase database;
  Log log;
  std::atomic<int> polls{0};
  Gate looked;  // by a runner that polls what is new
  looked.open();
  auto runner = start(database.url(), {noting_number(log)}, polling());
  runner.add_trigger(trigger_of(
      "all",
      [&](TriggerContext&) {
        return TriggerResult::fire({{"number", ++polls}});
      },
      true));
  (void)log.wait_for(3);
  Client client{database.url()};
  client.set_trigger_enabled("all", false);
  auto const fired = client.get_trigger_execution_history("all", 10'000).size();
  CHECK_FALSE(runner.get_trigger_schedule("all").enabled);
  CHECK(client.list_trigger_schedules({.enabled_only = true}).empty());
  runner.add_trigger(trigger_of("other", [&](TriggerContext&) {
    looked.pass();
    return TriggerResult::skip();
  }));
  looked.wait_for_arrivals(10);
  CHECK(client.get_trigger_execution_history("all", 10'000).size() == fired);
  client.set_trigger_enabled("all", true);
  (void)wait_for_history(runner, "all", is(FiringOutcome::fired), fired + 3);
}

TEST_CASE("one runner polls a trigger, and another once that one has gone", "[triggers]") {
  TestDatabase database;
  Log log;
  auto const start_as = [&](std::string const& who) {
    return start_polling_as(
        who, database.url(), 10s, [](TaskContext<>&) {}, log);
  };
  auto first = start_as("first");
  (void)log.wait_for(3);
  auto second = start_as("second");
  // The second has looked around once it has run something.
  (void)wait(second.submit("found", {}));
  auto const lines = log.wait_for(log.lines().size() + 20);
  CHECK(std::count(lines.begin(), lines.end(), "second") == 0);
  first.shutdown();
  auto const before = log.lines().size();
  auto const after = log.wait_for(before + 3);
  CHECK(after.back() == "second");
}

TEST_CASE("a trigger may be deleted, and is there again when it is registered", "[triggers]") {
  TestDatabase database;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  runner.add_trigger(trigger_of("numbers", counting(2)));
  (void)log.wait_for(2);
  runner.delete_trigger_schedule("numbers");
  CHECK_THROWS_AS(runner.get_trigger_schedule("numbers"), ScheduleNotFound);
  runner.add_trigger(trigger_of("numbers", counting(2)));
  CHECK(log.wait_for(4).size() == 4);  // from the beginning
}

TEST_CASE("a trigger that is deleted while it is polled fires nothing, and others are polled on",
          "[triggers]") {
  TestDatabase database;
  Gate gate;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  runner.add_trigger(trigger_of("gone", [&](TriggerContext&) {
    gate.pass();
    return TriggerResult::fire({{"number", 99}});
  }));
  gate.wait_for_arrivals(1);
  Client client{database.url()};
  client.delete_trigger_schedule("gone");
  gate.open();
  runner.add_trigger(trigger_of("numbers", counting(3)));
  CHECK(sorted_lines(log.wait_for(3)) == std::vector<std::string>{"1", "2", "3"});
  CHECK(runner.list_trigger_schedules().size() == 1);
}

TEST_CASE("a trigger that is enabled again is not polled beside its poll under way", "[triggers]") {
  TestDatabase database;
  Gate gate;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  runner.add_trigger(trigger_of("slow", [&](TriggerContext&) {
    gate.pass();
    return TriggerResult::fire({{"number", gate.arrivals()}});
  }));
  gate.wait_for_arrivals(1);
  // A trigger that is new is polled after the runner has looked at all of them.
  auto const look = [&](std::string const& name) {
    auto const polled = std::make_shared<Gate>();
    polled->open();
    runner.add_trigger(trigger_of(name, [polled](TriggerContext&) {
      polled->pass();
      return TriggerResult::skip();
    }));
    polled->wait_for_arrivals(1);
  };
  runner.set_trigger_enabled("slow", false);
  look("first");
  runner.set_trigger_enabled("slow", true);
  look("second");
  CHECK(gate.arrivals() == 1);
  gate.open();
  CHECK(log.wait_for(1).front() != "1");  // that poll was for nothing
}

TEST_CASE("what is wrong with a trigger is said when it is registered", "[triggers]") {
  TestDatabase database;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  auto const skip = [](TriggerContext&) { return TriggerResult::skip(); };
  auto trigger = trigger_of("t", skip);
  trigger.workflow = "fuond";
  CHECK_THROWS_WITH(runner.add_trigger(trigger),
                    Contains("trigger 't': ") && Contains("did you mean 'found'"));
  trigger = trigger_of("", skip);
  CHECK_THROWS_WITH(runner.add_trigger(trigger), Contains("1 to 255"));
  trigger = trigger_of("t", skip, false, 0ms);
  CHECK_THROWS_WITH(runner.add_trigger(trigger), Contains("poll_interval") && Contains("1ms"));
  CHECK_THROWS_WITH(trigger_of("t", skip, false, "5 minutes"), Contains("5 minutes"));
  trigger = trigger_of("t", {});
  CHECK_THROWS_WITH(runner.add_trigger(trigger), Contains("nothing to be polled"));
  CHECK_THROWS_WITH(runner.get_trigger_schedule("t"), Contains("no trigger named 't'"));
  CHECK_THROWS_WITH(runner.set_trigger_enabled("t", false), Contains("no trigger named 't'"));
  CHECK_THROWS_WITH(runner.get_trigger_execution_history("t"), Contains("no trigger named 't'"));
  runner.add_trigger(trigger_of("orders", skip));
  CHECK_THROWS_WITH(runner.get_trigger_schedule("order"), Contains("did you mean 'orders'"));
  CHECK_THROWS_WITH(runner.get_trigger_execution_history("orders", 0), Contains("limit"));

  auto registry = registry_of({noting_number(log)});
  registry.add_trigger(trigger_of("twice", skip));
  registry.add_trigger(trigger_of("twice", skip));
  CHECK_THROWS_WITH(
      DefaultRunner::builder().database_url(database.url()).registry(registry).build(),
      Contains("'twice' is registered twice"));
  auto config = polling();
  config.enable_trigger_scheduling = false;
  auto without = start(database.url(), {noting_number(log)}, config);
  CHECK_THROWS_WITH(without.add_trigger(trigger_of("t", skip)),
                    Contains("enable_trigger_scheduling"));
}

TEST_CASE("a shutdown waits for a poll, and stores what it has found", "[triggers]") {
  TestDatabase database;
  Gate gate;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  runner.add_trigger(trigger_of("slow", [&](TriggerContext& trigger) {
    gate.pass();
    if (trigger.state.contains("done")) return TriggerResult::skip();
    trigger.state.put("done", true);
    return TriggerResult::fire({{"number", 1}});
  }));
  gate.wait_for_arrivals(1);
  auto over = std::async(std::launch::async, [&] { runner.shutdown(patience); });
  auto const is_shutting_down = [&] {
    try {
      (void)runner.submit("found", {{"number", 0}});
      return false;
    } catch (RunnerStopped const&) {
      return true;
    }
  };
  while (!is_shutting_down()) std::this_thread::yield();
  gate.open();
  over.get();
  Client client{database.url()};
  CHECK(client.get_trigger_execution_history("slow").size() == 1);
  CHECK(client.get_trigger_schedule("slow").state.get_as<bool>("done"));
}

TEST_CASE("a poll that fires too much says so", "[triggers]") {
  TestDatabase database;
  Log log;
  auto runner = start(database.url(), {noting_number(log)}, polling());
  runner.add_trigger(trigger_of("much", [](TriggerContext&) {
    return TriggerResult::fire_all(std::vector<Context>(10'001));
  }));
  CHECK_THAT(wait_for_history(runner, "much", is(FiringOutcome::failed)).front().reason,
             Contains("at most 10000"));
}

TEST_CASE("a runner that is about to end leaves its triggers to others", "[triggers]") {
  TestDatabase database;
  Gate body;
  Log log;
  auto const start_as = [&](std::string const& who) {
    return start_polling_as(
        who, database.url(), 30s, [&](TaskContext<>&) { body.pass(); }, log);
  };
  auto first = start_as("first");
  (void)log.wait_for(1);
  (void)first.submit("found", {});
  body.wait_for_arrivals(1);
  auto second = start_as("second");
  auto over = std::async(std::launch::async, [&] { first.shutdown(patience); });
  auto const give_up = Clock::now() + patience / 2;
  while (log.lines().back() != "second" && Clock::now() < give_up) std::this_thread::yield();
  CHECK(log.lines().back() == "second");  // while the first one's body still runs
  body.open();
  over.get();
}
