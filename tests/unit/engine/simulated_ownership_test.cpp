// Two runners on one file: leases, takeovers, and what a runner does that was declared dead.
#include <algorithm>
#include <map>
#include <memory>

#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/scratch_directory.hpp"
#include "support/simulated_runner.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

constexpr auto lease = 15s;
constexpr auto poll_interval = 1s;

/// A file, and runners on it that are named by their process.
struct Fleet {
  explicit Fleet(std::uint64_t seed, std::vector<Workflow> its_workflows)
      : simulation(seed), workflows(std::move(its_workflows)) {}

  SimulatedRunner& start(std::string const& process,
                         std::function<void(std::string_view)> fault = {}) {
    auto& runner = runners[process];
    runner = std::make_unique<SimulatedRunner>(
        simulation, workflows,
        SimulatedRunnerOptions{.url = directory.sqlite_url() + "?_synchronous=NORMAL",
                               .process = process,
                               .fault = std::move(fault)});
    return *runner;
  }
  /// SIGKILL, and the end of all that the process held.
  void kill(std::string const& process) {
    simulation.kill(process);
    runners.erase(process);
  }
  [[nodiscard]] RawDatabase raw() const { return RawDatabase{directory.path() / "test.db"}; }
  [[nodiscard]] std::int64_t count(std::string const& sql) const {
    return raw().integer("SELECT count(*) FROM " + sql);
  }

  ScratchDirectory directory;
  Simulation simulation;
  std::vector<Workflow> workflows;
  std::map<std::string, std::unique_ptr<SimulatedRunner>> runners;
};

/// One task that takes so long and leaves who ran it.
Workflow slow(std::chrono::nanoseconds time, std::vector<std::string>& log,
              ExecutionMode mode = at_least_once) {
  auto const runs = std::make_shared<int>(0);
  return WorkflowBuilder{"slow"}
      .timeout(0ms)
      .task("work", {.timeout = 0ms, .execution = mode},
            [time, &log, runs](TaskContext<>& context) -> asio::awaitable<void> {
              auto const run = ++*runs;
              log.push_back("begin " + std::to_string(run));
              co_await context.async_sleep_for(time);
              log.push_back("end " + std::to_string(run));
              context.put("by_run", run);
            })
      .task("after", {"work"},
            [&log](TaskContext<>& context) {
              log.push_back("after " + context.get("by_run").dump());
            })
      .build();
}

Workflow one_task_doing_nothing() {
  return WorkflowBuilder{"nothing"}.task("only", [](TaskContext<>&) {}).build();
}

}  // namespace

TEST_CASE(
    "a dead runner's work is taken over within lease and poll, and its task starts again uncounted",
    "[engine][simulation][takeover]") {
  std::vector<std::string> log;
  Fleet fleet{1, {slow(60s, log)}};
  auto& first = fleet.start("first");
  auto const id = first.submit("slow").id();
  fleet.start("second");
  fleet.simulation.run_for(10s);
  REQUIRE(log == std::vector<std::string>{"begin 1"});
  fleet.kill("first");
  auto const killed = fleet.simulation.monotonic();
  REQUIRE(fleet.simulation.run_until([&] { return log.size() == 2; }));
  CHECK(fleet.simulation.monotonic() - killed <= lease + poll_interval);
  CHECK(fleet.raw().text("SELECT takeovers FROM workflow_executions") == "1");
  CHECK(fleet.raw().text("SELECT crashes FROM task_executions WHERE task = 'work'") == "0");

  auto const result = fleet.runners["second"]->machine().watch(id);
  REQUIRE(fleet.simulation.run_until([&] { return result->signal().is_set(); }));
  CHECK(result->result().status() == WorkflowStatus::completed);
  CHECK(log == std::vector<std::string>{"begin 1", "begin 2", "end 2", "after 2"});
  CHECK(result->result().task("work").attempts == 1);
}

TEST_CASE(
    "crashes count from the second takeover on, and each doubles the wait before the next start",
    "[engine][simulation][takeover]") {
  std::vector<std::string> log;  // one line for each start: no run lives long enough to end
  Fleet fleet{2, {slow(60s, log)}};
  fleet.start("0").submit("slow");
  auto const raw = fleet.raw();
  for (std::size_t crash = 0; crash < 4; ++crash) {
    CAPTURE(crash);
    REQUIRE(fleet.simulation.run_until([&] { return log.size() == crash + 1; }));
    fleet.simulation.run_for(1s);  // until the start is stored
    fleet.kill(std::to_string(crash));
    fleet.start(std::to_string(crash + 1));
    auto const taken_over = [&] {
      return raw.integer("SELECT takeovers FROM workflow_executions") ==
             static_cast<int>(crash) + 1;
    };
    REQUIRE(fleet.simulation.run_until(taken_over));
    auto const taken = fleet.simulation.monotonic();
    CHECK(raw.integer("SELECT crashes FROM task_executions") == static_cast<int>(crash));
    REQUIRE(fleet.simulation.run_until([&] { return log.size() == crash + 2; }));
    CHECK(fleet.simulation.monotonic() - taken ==
          (crash == 0 ? 0s : std::chrono::seconds{1 << (crash - 1)}));
  }
  CHECK(raw.integer("SELECT attempt FROM task_executions") == 1);
}

TEST_CASE("the last chance is taken alone", "[engine][simulation][takeover]") {
  std::vector<std::string> log;
  auto const logged = [&log](std::string const& name, std::chrono::seconds time) {
    return WorkflowBuilder{name}
        .task("work",
              [&log, name, time](TaskContext<>& context) -> asio::awaitable<void> {
                log.push_back(name + " begins");
                co_await context.async_sleep_for(time);
                log.push_back(name + " ends");
              })
        .build();
  };
  Fleet fleet{3, {logged("poison", 5s), logged("neighbour", 30s), logged("late", 1s)}};
  auto const begun = [&](std::ptrdiff_t times) {
    return fleet.simulation.run_until(
        [&] { return std::count(log.begin(), log.end(), "poison begins") == times; });
  };
  auto const id = fleet.start("0").submit("poison").id();
  // The first takeover counts nothing, the four after it do: one less than max_crashes.
  for (int crash = 0; crash < 5; ++crash) {
    REQUIRE(begun(crash + 1));
    fleet.simulation.run_for(1s);  // until the start is stored
    fleet.kill(std::to_string(crash));
    fleet.start(std::to_string(crash + 1));
  }
  auto& last = *fleet.runners["5"];
  auto const raw = fleet.raw();
  REQUIRE(fleet.simulation.run_until(
      [&] { return raw.integer("SELECT crashes FROM task_executions") == 4; }));
  auto const neighbour = last.submit("neighbour");
  log.clear();
  REQUIRE(begun(1));
  CHECK(log == std::vector<std::string>{"neighbour begins", "neighbour ends", "poison begins"});
  CHECK(neighbour.wait().status() == WorkflowStatus::completed);
  CHECK(raw.text("SELECT status FROM task_executions WHERE crashes = 4") == "Running");

  SECTION("and nothing starts until its result is recorded") {
    auto const late = last.submit("late");
    CHECK(late.wait().status() == WorkflowStatus::completed);
    CHECK(log == std::vector<std::string>{"neighbour begins", "neighbour ends", "poison begins",
                                          "poison ends", "late begins", "late ends"});
    CHECK(last.machine().result(id).status() == WorkflowStatus::completed);
  }
  SECTION("and is the last one") {
    fleet.kill("5");
    auto const result = fleet.start("6").machine().watch(id);
    REQUIRE(fleet.simulation.run_until([&] { return result->signal().is_set(); }));
    CHECK(result->result().status() == WorkflowStatus::failed);
    CHECK_THAT(result->result().error(), Catch::Contains("crashed 5 times"));
    CHECK(log.back() == "poison begins");
  }
  SECTION("and is given up by a cancel") {
    last.machine().cancel(id, "enough");
    auto const late = last.submit("late");
    CHECK(late.wait().status() == WorkflowStatus::completed);
  }
}

TEST_CASE("a cancel while it waits to run alone lets the others start",
          "[engine][simulation][takeover]") {
  std::vector<std::string> log;
  Fleet fleet{4, {slow(60s, log), one_task_doing_nothing()}};
  auto const id = fleet.start("0").submit("slow").id();
  for (int crash = 0; crash < 5; ++crash) {
    REQUIRE(fleet.simulation.run_until(
        [&] { return log.size() == static_cast<std::size_t>(crash) + 1; }));
    fleet.simulation.run_for(1s);
    fleet.kill(std::to_string(crash));
    fleet.start(std::to_string(crash + 1));
  }
  auto const raw = fleet.raw();
  REQUIRE(fleet.simulation.run_until(
      [&] { return raw.integer("SELECT crashes FROM task_executions") == 4; }));
  auto& last = *fleet.runners["5"];
  auto const neighbour = last.submit("slow");
  fleet.simulation.run_for(20s);  // the wait after the crash is over
  auto const held = last.begin("nothing");
  fleet.simulation.run_for(5s);
  CHECK_FALSE(held.handle.wait_for(0s).has_value());
  last.machine().cancel(id, "enough");
  CHECK(held.handle.wait().status() == WorkflowStatus::completed);
  CHECK(neighbour.wait().status() == WorkflowStatus::completed);
}

TEST_CASE(
    "a runner that stalls past its lease comes back under a new id, and its late results are "
    "dropped",
    "[engine][simulation][lease]") {
  std::vector<std::string> log;
  Fleet fleet{3, {slow(60s, log)}};
  auto& first = fleet.start("first");
  auto const handle = first.submit("slow");
  fleet.start("second");
  fleet.simulation.run_for(5s);
  REQUIRE(log == std::vector<std::string>{"begin 1"});
  fleet.simulation.stop("first");
  REQUIRE(fleet.simulation.run_until(
      [&] { return log.size() == 2; }));  // the second one has begun it again
  fleet.simulation.run_for(30s);
  fleet.simulation.resume("first");

  auto const result = handle.wait();  // asked of the first, answered from what the second recorded
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.context().get("by_run") == 2);
  CHECK(std::count(log.begin(), log.end(), "after 2") == 1);
  CHECK(std::count_if(log.begin(), log.end(),
                      [](auto const& line) { return line.starts_with("after"); }) == 1);
  CHECK(fleet.count("runners WHERE state = 'dead'") == 1);
  CHECK(fleet.count("runners WHERE state = 'alive'") == 2);
  CHECK(first.execute("slow").status() == WorkflowStatus::completed);  // and it works on
}

TEST_CASE("what was never committed is submitted again under the new id",
          "[engine][simulation][lease]") {
  std::vector<std::string> log;
  Fleet fleet{4, {slow(1s, log)}};
  auto& first = fleet.start("first");
  fleet.start("second");
  fleet.simulation.run_for(5s);
  fleet.simulation.stop("first");
  auto const pending = first.begin("slow");
  REQUIRE(
      fleet.simulation.run_until([&] { return fleet.count("runners WHERE state = 'dead'") == 1; }));
  CHECK(fleet.count("workflow_executions") == 0);
  fleet.simulation.resume("first");
  CHECK(pending.handle.wait().status() == WorkflowStatus::completed);
  CHECK(pending.acceptance->error() == nullptr);
  CHECK(log == std::vector<std::string>{"begin 1", "end 1", "after 1"});
}

TEST_CASE("a waiter hears of the end although the runner that recorded it is gone",
          "[engine][simulation][lease]") {
  std::vector<std::string> log;
  Fleet fleet{5, {slow(30s, log)}};
  auto& first = fleet.start("first");
  auto const handle = first.submit("slow");
  auto& second = fleet.start("second");
  fleet.simulation.run_for(5s);
  fleet.simulation.stop("first");
  auto const seen = second.machine().watch(handle.id());
  REQUIRE(fleet.simulation.run_until([&] { return seen->signal().is_set(); }));
  second.shutdown();
  fleet.runners.erase("second");
  fleet.simulation.resume("first");
  auto const result = handle.wait_for(10s);
  REQUIRE(result.has_value());
  CHECK(result->context().get("by_run") == 2);
}

TEST_CASE("an at-most-once task whose owner vanished is Failed, and never runs again",
          "[engine][simulation][at_most_once]") {
  std::vector<std::string> log;
  Fleet fleet{6, {slow(60s, log, at_most_once)}};
  auto const id = fleet.start("first").submit("slow").id();
  fleet.start("second");
  fleet.simulation.run_for(5s);
  REQUIRE(log == std::vector<std::string>{"begin 1"});
  fleet.kill("first");
  auto const seen = fleet.runners["second"]->machine().watch(id);
  REQUIRE(fleet.simulation.run_until([&] { return seen->signal().is_set(); }));
  auto const result = seen->result();
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK(result.task("work").status == TaskStatus::failed);
  CHECK_THAT(result.task("work").error, Catch::Contains("outcome unknown: owner lost"));
  CHECK(result.task("after").status == TaskStatus::skipped);
  fleet.simulation.run_for(300s);
  CHECK(log == std::vector<std::string>{"begin 1"});
}

TEST_CASE("an at-most-once body starts after its marker is stored",
          "[engine][simulation][at_most_once]") {
  Fleet fleet{6, {}};
  std::string stored;
  fleet.workflows.push_back(WorkflowBuilder{"once"}
                                .task("once", {.execution = at_most_once},
                                      [&](TaskContext<>&) {
                                        stored =
                                            fleet.raw().text("SELECT status FROM task_executions");
                                      })
                                .build());
  CHECK(fleet.start("first").execute("once").status() == WorkflowStatus::completed);
  CHECK(stored == "Running");
}

TEST_CASE("a shutdown gives work back at once, without a takeover or a crash",
          "[engine][simulation][shutdown]") {
  std::vector<std::string> log;
  Fleet fleet{7, {slow(60s, log)}};
  auto& first = fleet.start("first");
  auto const handle = first.submit("slow");
  fleet.start("second");
  fleet.simulation.run_for(5s);
  first.shutdown(1s);
  CHECK_THROWS_AS(handle.wait(), RunnerStopped);
  auto const released = fleet.simulation.monotonic();
  REQUIRE(fleet.simulation.run_until(
      [&] { return std::count(log.begin(), log.end(), "begin 2") == 1; }));
  CHECK(fleet.simulation.monotonic() - released <= poll_interval);
  auto const seen = fleet.runners["second"]->machine().watch(handle.id());
  REQUIRE(fleet.simulation.run_until([&] { return seen->signal().is_set(); }));
  CHECK(seen->result().status() == WorkflowStatus::completed);
  CHECK(seen->result().task("work").crashes == 0);
  CHECK(seen->result().task("work").attempts == 1);  // being asked to stop was not its failure
  CHECK(fleet.raw().text("SELECT takeovers FROM workflow_executions") == "0");
  CHECK(fleet.count("runners WHERE state = 'stopped'") == 1);
}

TEST_CASE(
    "who was away for more than half a lease judges nobody until it was regular for a whole one",
    "[engine][simulation][lease]") {
  std::vector<std::string> log;
  Fleet fleet{8, {slow(1h, log)}};
  fleet.start("first").submit("slow");
  fleet.start("second");
  fleet.simulation.run_for(5s);
  // Both are away, as if the machine had been suspended, and one does not come back.
  fleet.simulation.stop("second");
  fleet.kill("first");
  fleet.simulation.run_for(
      10s);  // less than the lease: the second one is alive, but has not renewed for too long
  fleet.simulation.resume("second");
  auto const back = fleet.simulation.monotonic();
  REQUIRE(
      fleet.simulation.run_until([&] { return fleet.count("runners WHERE state = 'dead'") == 1; }));
  auto const waited = fleet.simulation.monotonic() - back;
  CHECK(waited >= lease);
  CHECK(waited <= lease + poll_interval + 1s);
}

TEST_CASE("two runners on one file share the work, and each execution runs once",
          "[engine][simulation]") {
  Fleet fleet{9, {}};
  std::map<std::string, int> runs;
  fleet.workflows.push_back(WorkflowBuilder{"count"}
                                .task("count",
                                      [&](TaskContext<>& context) -> asio::awaitable<void> {
                                        ++runs[context.execution_id().to_string()];
                                        co_await context.async_sleep_for(1s);
                                      })
                                .build());
  auto& first = fleet.start("first");
  fleet.start("second");
  fleet.simulation.run_for(2s);  // until they know of each other
  std::vector<SimulatedRunner::Pending> pending;
  for (int i = 0; i < 100; ++i) pending.push_back(first.begin("count"));
  for (auto const& one : pending) CHECK(one.handle.wait().status() == WorkflowStatus::completed);
  CHECK(runs.size() == 100);
  for (auto const& [id, count] : runs) CHECK(count == 1);
  auto const turns = fleet.simulation.turns("second");
  CHECK(turns > 10);
}

TEST_CASE("of more executions than one look reads, the last one's end is heard of too",
          "[engine][simulation][watch]") {
  Fleet fleet{9, {one_task_doing_nothing()}};
  auto& owner = fleet.start("owner");
  auto& watcher = fleet.start("watcher");
  // Those that end late have the smaller ids, and are looked at first.
  std::vector<std::shared_ptr<engine::Completion>> late;
  for (int i = 0; i < 1'500; ++i)
    late.push_back(watcher.machine().watch(
        owner.submit("nothing", {}, {.start_after = std::chrono::hours{20}}).id()));
  auto const last =
      watcher.machine().watch(owner.submit("nothing", {}, {.start_after = 1min}).id());
  CHECK(fleet.simulation.run_until([&] { return last->signal().is_set(); },
                                   1min + 3 * poll_interval));
  CHECK_FALSE(late.front()->signal().is_set());
}
