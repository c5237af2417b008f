// The simulation itself: what the other tests rely on.
#include "support/simulation.hpp"

#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"
#include "support/simulated_runner.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// A diamond whose branches wait, fail once in a while and write.
Workflow diamond() {
  auto const work = [](TaskContext<>& context) -> asio::awaitable<void> {
    auto const n = context.get_as<std::int64_t>("n");
    co_await context.async_sleep_for(std::chrono::milliseconds{10 + n % 7});
    if (n % 3 == 0 && context.attempt() == 1) throw TransientError{"not yet"};
    context.put(context.task_id(), n);
  };
  WorkflowBuilder builder{"diamond"};
  builder.task("top", work);
  builder.task("left", {.after = {"top"}, .retry = {.initial_delay = 50ms}}, work);
  builder.task("right", {.after = {"top"}, .retry = {.initial_delay = 50ms}}, work);
  builder.task("bottom", {"left", "right"}, work);
  return builder.build();
}

struct Story {
  std::vector<std::string> history;
  std::vector<std::string> results;
  friend bool operator==(Story const&, Story const&) = default;
};

Story run_with_seed(std::uint64_t seed) {
  Simulation simulation{seed};
  Story story;
  {
    SimulatedRunner runner{simulation, {diamond()}};
    std::vector<SimulatedRunner::Pending> pending;
    for (int n = 0; n < 20; ++n) pending.push_back(runner.begin("diamond", Context{{"n", n}}));
    for (auto const& one : pending) {
      auto const result = one.handle.wait();
      story.results.push_back(
          result.id().to_string() + " " + std::string{to_string(result.status())} + " " +
          std::to_string(result.duration().count()) + " " + result.context().to_json());
    }
  }
  story.history = simulation.history();
  return story;
}

}  // namespace

TEST_CASE("the same seed gives the same history, another seed another one", "[simulation]") {
  auto const first = run_with_seed(7);
  REQUIRE(first.results.size() == 20);
  CHECK(first.history.size() > 100);
  CHECK(first == run_with_seed(7));
  CHECK(first.history != run_with_seed(8).history);
}

TEST_CASE("hours pass in no time, and to the nanosecond", "[simulation]") {
  Simulation simulation{1};
  auto const workflow = WorkflowBuilder{"long"}
                            .task("sleep", {.timeout = 0ms},
                                  [](TaskContext<>& context) { context.sleep_for(50min + 1us); })
                            .build();
  SimulatedRunner runner{simulation, {workflow}};
  auto const result = runner.execute("long");
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.duration() == 50min + 1us);
}

TEST_CASE("a process that is stopped does nothing until it is resumed", "[simulation]") {
  Simulation simulation{1};
  int runs = 0;
  auto const workflow =
      WorkflowBuilder{"one"}.task("count", [&](TaskContext<>&) { ++runs; }).build();
  SimulatedRunner runner{simulation, {workflow}};
  auto const pending = runner.begin("one");
  simulation.stop("runner");
  simulation.run_for(10s);
  CHECK(simulation.turns("runner") == 0);
  CHECK(runs == 0);
  simulation.resume("runner");
  CHECK(pending.handle.wait().status() == WorkflowStatus::completed);
  CHECK(runs == 1);
}

TEST_CASE("who waits for what can never happen is told", "[simulation]") {
  Simulation simulation{1};
  auto const environment = simulation.environment();
  CHECK_THROWS_AS(
      environment.conductor->run_until([] { return false; }, std::chrono::nanoseconds::max()),
      std::logic_error);
  CHECK_FALSE(simulation.run_until([] { return false; }, 5s));
}
