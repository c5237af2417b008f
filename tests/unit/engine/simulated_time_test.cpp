// When things happen, to the microsecond, on the clock of a simulation.
#include <algorithm>

#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"
#include "support/simulated_runner.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

using Times = std::vector<std::chrono::nanoseconds>;

/// The waits between the attempts of a task that always fails.
Times waits_of(RetryPolicy const& policy) {
  Simulation simulation{11};
  Times starts;
  auto const workflow = WorkflowBuilder{"failing"}
                            .timeout(0ms)
                            .task("fail", {.retry = policy},
                                  [&](TaskContext<>&) {
                                    starts.push_back(simulation.monotonic());
                                    throw TransientError{"no"};
                                  })
                            .build();
  SimulatedRunner runner{simulation, {workflow}};
  auto const result = runner.execute("failing");
  REQUIRE(result.status() == WorkflowStatus::failed);
  REQUIRE(result.task("fail").attempts == starts.size());
  Times waits;
  for (std::size_t i = 1; i < starts.size(); ++i) waits.push_back(starts[i] - starts[i - 1]);
  return waits;
}

/// Counts the transactions and looks that a runner makes.
struct Traffic {
  std::size_t transactions = 0;
  std::size_t looks = 0;
  void operator()(std::string_view point) {
    if (point == "begin") ++transactions;
    if (point == "look_around") ++looks;
  }
};

}  // namespace

TEST_CASE("retries wait exactly as long as their policy says", "[engine][simulation][retry]") {
  CHECK(waits_of({.max_attempts = 4, .initial_delay = 100ms, .jitter = false}) ==
        Times{100ms, 200ms, 400ms});
  CHECK(waits_of({.max_attempts = 4,
                  .initial_delay = 100ms,
                  .backoff = Backoff::linear,
                  .jitter = false}) == Times{100ms, 200ms, 300ms});
  CHECK(waits_of({.max_attempts = 3, .initial_delay = 2h, .max_delay = 3h, .jitter = false}) ==
        Times{2h, 3h});
  CHECK(
      waits_of(
          {.max_attempts = 3, .initial_delay = 0ms, .backoff = Backoff::fixed, .jitter = false}) ==
      Times{0ms, 0ms});
}

TEST_CASE("a task that is cancelled between two attempts has made the first only",
          "[engine][simulation][retry]") {
  Simulation simulation{5};
  auto const workflow =
      WorkflowBuilder{"too_slow"}
          .timeout(1h)
          .task("fail", {.retry = {.max_attempts = 3, .initial_delay = 2h, .max_delay = 2h}},
                [](TaskContext<>&) { throw TransientError{"no"}; })
          .build();
  SimulatedRunner runner{simulation, {workflow}};
  auto const result = runner.execute("too_slow");
  REQUIRE(result.status() == WorkflowStatus::failed);
  auto const& task = result.task("fail");
  CHECK(task.status == TaskStatus::cancelled);
  CHECK(task.attempts == 1);
}

TEST_CASE("jitter stays within a quarter of the wait", "[engine][simulation][retry]") {
  auto const waits = waits_of({.max_attempts = 50, .initial_delay = 1s, .backoff = Backoff::fixed});
  REQUIRE(waits.size() == 49);
  for (auto const wait : waits) {
    CHECK(wait >= 750ms);
    CHECK(wait <= 1250ms);
  }
  CHECK(*std::max_element(waits.begin(), waits.end()) -
            *std::min_element(waits.begin(), waits.end()) >
        100ms);
}

TEST_CASE("an attempt that takes too long is failed at its limit, and what it returns is dropped",
          "[engine][simulation][timeout]") {
  Simulation simulation{3};
  Times starts;
  auto const workflow =
      WorkflowBuilder{"slow"}
          .task("slow",
                {.retry = {.max_attempts = 2, .initial_delay = 5s, .jitter = false}, .timeout = 1s},
                [&](TaskContext<>& context) -> asio::awaitable<void> {
                  starts.push_back(simulation.monotonic());
                  auto const wait = context.attempt() == 1 ? 10s : 500ms;
                  co_await context.async_sleep_for(wait);
                  context.put("attempt", context.attempt());
                })
          .build();
  SimulatedRunner runner{simulation, {workflow}};
  auto const result = runner.execute("slow");
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.duration() == 6500ms);
  REQUIRE(starts.size() == 2);
  CHECK(starts[1] - starts[0] == 6s);
  CHECK(result.context().get("attempt") == 2);
  CHECK_THAT(result.task("slow").error, Catch::Contains("timeout") && Catch::Contains("1s"));
  simulation.run_for(1h);  // the first body comes back to nobody
}

TEST_CASE(
    "a workflow that takes too long is Failed at its limit, and what was unfinished is Cancelled",
    "[engine][simulation][timeout]") {
  Simulation simulation{3};
  bool stopped = false;
  auto const workflow = WorkflowBuilder{"endless"}
                            .timeout(90s)
                            .task("done", [](TaskContext<>&) {})
                            .task("endless", {"done"},
                                  [&](TaskContext<>& context) -> asio::awaitable<void> {
                                    try {
                                      co_await context.async_sleep_for(240s);
                                    } catch (...) {
                                      stopped = context.stop_token().stop_requested();
                                      throw;
                                    }
                                  })
                            .task("never", {"endless"}, [](TaskContext<>&) {})
                            .build();
  SimulatedRunner runner{simulation, {workflow}};
  auto const handle = runner.submit("endless");
  auto const result = handle.wait();
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.error(), Catch::Contains("timeout"));
  CHECK(result.duration() == 90s);
  CHECK(result.task("done").status == TaskStatus::completed);
  CHECK(result.task("endless").status == TaskStatus::cancelled);
  CHECK(result.task("never").status == TaskStatus::cancelled);
  CHECK(simulation.run_until([&] { return stopped; }, 300s));
}

TEST_CASE("an execution with start_after starts then, not before and not later",
          "[engine][simulation]") {
  Simulation simulation{5};
  std::chrono::nanoseconds started{};
  auto const workflow = WorkflowBuilder{"later"}
                            .task("note", [&](TaskContext<>&) { started = simulation.monotonic(); })
                            .build();
  SimulatedRunner runner{simulation, {workflow}};
  auto const submitted = simulation.monotonic();
  auto const handle = runner.submit("later", {}, {.start_after = 10min});
  CHECK(handle.status() == WorkflowStatus::pending);
  simulation.run_for(9min + 59s);
  CHECK(started == 0ns);
  CHECK(handle.wait().status() == WorkflowStatus::completed);
  CHECK(started == submitted + 10min);
}

TEST_CASE("enormous time limits of a wait and of a shutdown are none",
          "[engine][simulation][forever]") {
  Simulation simulation{13};
  auto const workflow = WorkflowBuilder{"long"}
                            .timeout(0ms)
                            .task("long", {.timeout = 0ms},
                                  [](TaskContext<>& context) -> asio::awaitable<void> {
                                    co_await context.async_sleep_for(24h);
                                  })
                            .build();
  SimulatedRunner runner{simulation, {workflow}};
  for (auto const longest :
       {std::chrono::nanoseconds::max(), std::chrono::nanoseconds{100 * 8760h}})
    CHECK(runner.submit("long").wait_for(longest).has_value());
  CHECK(runner.submit("long").wait_for(std::chrono::hours::max()).has_value());
  CHECK_FALSE(runner.submit("long").wait_for(-1h).has_value());
  CHECK_FALSE(runner.submit("long").wait_for(std::chrono::hours::min()).has_value());
  auto const last = runner.submit("long");
  simulation.run_for(1s);  // until its body runs: one that has not begun is given back
  runner.shutdown(std::chrono::milliseconds::max());
  CHECK(last.wait().status() == WorkflowStatus::completed);
}

TEST_CASE("a time limit of 100 years is one", "[engine][simulation][forever]") {
  Simulation simulation{14};
  std::chrono::milliseconds const longest = 100 * 8760h;
  auto const workflow = WorkflowBuilder{"long"}
                            .timeout(longest)
                            .task("long", {.timeout = longest}, [](TaskContext<>&) {})
                            .build();
  SimulatedRunner runner{simulation, {workflow}};
  CHECK(runner.execute("long").status() == WorkflowStatus::completed);
  auto const later = runner.submit("long", {}, {.start_after = longest});
  simulation.run_for(24h);
  CHECK(later.status() == WorkflowStatus::pending);
}

TEST_CASE("an idle runner renews its lease each third of it, and writes nothing else",
          "[engine][simulation][lease]") {
  Simulation simulation{1};
  Traffic traffic;
  auto const workflow = WorkflowBuilder{"none"}.task("none", [](TaskContext<>&) {}).build();
  SimulatedRunner runner{simulation, {workflow}, {.fault = std::ref(traffic)}};
  simulation.run_for(1s);
  traffic = {};
  simulation.run_for(300s);
  CHECK(traffic.transactions == 60);  // 300 s / (15 s / 3)
  CHECK(traffic.looks == 300);        // one each scheduler_poll_interval
}

TEST_CASE("a busy runner renews its lease with its own writes", "[engine][simulation][lease]") {
  Simulation simulation{1};
  Traffic traffic;
  auto const workflow = WorkflowBuilder{"short"}.task("short", [](TaskContext<>&) {}).build();
  SimulatedRunner runner{simulation, {workflow}, {.fault = std::ref(traffic)}};
  simulation.run_for(1s);
  traffic = {};
  for (int i = 0; i < 30; ++i) {
    CHECK(runner.execute("short").status() == WorkflowStatus::completed);
    simulation.run_for(1s);
  }
  CHECK(traffic.transactions == 60);  // two for each execution, none for the lease alone
}
