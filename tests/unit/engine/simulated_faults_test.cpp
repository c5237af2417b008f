// What the engine does when the database fails: before a commit, after it, and with the data
// itself.
#include <map>
#include <memory>
#include <random>

#include <cloacina/error.hpp>
#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/scratch_directory.hpp"
#include "support/simulated_runner.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using cloacina::backend::Failure;
using cloacina::backend::SessionError;

namespace {

/// Fails at one named point as often as it is told.
struct Faults {
  std::string point;
  Failure failure = Failure::again;
  int times = 0;
  int happened = 0;
  void operator()(std::string_view at) {
    if (times == 0 || at != point) return;
    --times;
    ++happened;
    throw SessionError{failure, "injected at " + point, "SQLITE_IOERR"};
  }
};

/// A chain of three tasks; counts the bodies, and looks from inside at what is stored of the task
/// before.
struct Chain {
  std::vector<std::string> bodies;
  std::vector<std::string> seen;
  std::unique_ptr<RawDatabase> raw;

  Workflow workflow() {
    auto const body = [this](TaskContext<>& context) {
      bodies.push_back(context.task_id());
      auto const before = std::string{static_cast<char>(context.task_id()[0] - 1)};
      if (raw) seen.push_back(status_of(before));
      context.put(context.task_id(), static_cast<int>(bodies.size()));
    };
    return WorkflowBuilder{"chain"}
        .task("b", body)
        .task("c", {"b"}, body)
        .task("d", {"c"}, body)
        .build();
  }
  [[nodiscard]] std::string status_of(std::string const& task) const {
    auto const found =
        raw->column("SELECT status FROM task_executions WHERE task = '" + task + "'");
    return found.empty() ? "none" : found.front();
  }
};

// A simulation has no power cuts: what is tested here does not depend on the disk.
constexpr char without_syncs[] = "?_synchronous=NORMAL";

std::vector<std::string> const each_once{"b", "c", "d"};

}  // namespace

TEST_CASE("dependents never start before the commit of what they depend on",
          "[engine][simulation][commit]") {
  auto const point = GENERATE(as<std::string>{}, "begin", "fence", "write_task", "commit.before");
  auto const failure = GENERATE(Failure::again, Failure::broken);
  CAPTURE(point, static_cast<int>(failure));
  Simulation simulation{1};
  ScratchDirectory directory;
  Faults faults{.point = point, .failure = failure};
  Chain chain;
  SimulatedRunner runner{
      simulation,
      {chain.workflow()},
      {.url = directory.sqlite_url() + without_syncs, .fault = std::ref(faults)}};
  chain.raw = std::make_unique<RawDatabase>(directory.path() / "test.db");
  auto const handle = runner.submit("chain");
  faults.times = 5;
  auto const result = handle.wait();
  CHECK(faults.happened == 5);
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(chain.bodies == each_once);
  CHECK(chain.seen == std::vector<std::string>{"none", "Completed", "Completed"});
}

TEST_CASE("a commit whose answer is lost is resolved by reading, whichever way it went",
          "[engine][simulation][unknown]") {
  auto const point = GENERATE(as<std::string>{}, "commit.before", "commit.after");
  auto const times = GENERATE(1, 2, 5);
  CAPTURE(point, times);
  Simulation simulation{2};
  ScratchDirectory directory;
  Faults faults{.point = point, .failure = Failure::unknown};
  Chain chain;
  SimulatedRunner runner{
      simulation,
      {chain.workflow()},
      {.url = directory.sqlite_url() + without_syncs, .fault = std::ref(faults)}};
  chain.raw = std::make_unique<RawDatabase>(directory.path() / "test.db");
  faults.times = times;
  auto const pending = runner.begin("chain", Context{{"n", 1}}, {.idempotency_key = "only"});
  auto const result = pending.handle.wait();
  CHECK(faults.happened == times);
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.id() == pending.handle.id());
  CHECK(chain.bodies == each_once);
  CHECK(chain.seen == std::vector<std::string>{"none", "Completed", "Completed"});
  CHECK(chain.raw->integer("SELECT count(*) FROM workflow_executions") == 1);
  CHECK(pending.acceptance->error() == nullptr);
}

TEST_CASE("a runner whose answer is lost has cancelled all the same what nobody owns",
          "[engine][simulation][unknown]") {
  auto const point = GENERATE(as<std::string>{}, "commit.before", "commit.after");
  auto const times = GENERATE(1, 4);
  CAPTURE(point, times);
  Simulation simulation{5};
  ScratchDirectory directory;
  bool cancelling = false;
  int lost = 0;
  auto const lose_answers = [&](std::string_view at) {
    if (at == "begin") cancelling = false;
    if (at == "insert_request") cancelling = true;
    if (at == point && cancelling && lost < times) {
      ++lost;
      throw SessionError{Failure::unknown, "injected", "SQLITE_IOERR"};
    }
  };
  auto const workflow = WorkflowBuilder{"work"}.task("only", [](TaskContext<>&) {}).build();
  SimulatedRunner runner{simulation,
                         {workflow},
                         {.url = directory.sqlite_url() + without_syncs, .fault = lose_answers}};
  RawDatabase raw{directory.path() / "test.db"};
  // Of a version that this runner does not know: it will not claim it.
  raw.execute(
      "INSERT INTO workflow_executions (id, workflow, version, status, created_at, input) VALUES "
      "(x'0192f0c1000070008000000000000001', 'work', 'another', 'Pending', 1, '{}')");
  auto const id = ExecutionId::parse("0192f0c1-0000-7000-8000-000000000001");
  runner.machine().cancel(id, "once");
  CHECK(lost == (point == "commit.after" ? 1 : times));  // the next try sees that it is done
  CHECK(raw.text("SELECT error FROM workflow_executions WHERE status = 'Cancelled'") ==
        "cancelled: once");
  CHECK_THROWS_WITH(runner.machine().cancel(id, "once"), Catch::Contains("is Cancelled"));
}

TEST_CASE("what was claimed by a commit whose answer is lost is adopted, and runs once",
          "[engine][simulation][commit]") {
  Simulation simulation{4};
  ScratchDirectory directory;
  int claims = 0;
  bool claiming = false;
  auto const lose_the_third_claim = [&](std::string_view at) {
    if (at == "begin") claiming = false;
    if (at == "claim") claiming = true;
    if (at == "commit.after" && claiming && ++claims == 3)
      throw SessionError{Failure::unknown, "injected after a claim", "SQLITE_IOERR"};
  };
  std::map<std::string, int> runs;
  auto const workflow = WorkflowBuilder{"count"}
                            .task("count",
                                  [&](TaskContext<>& context) {
                                    ++runs[context.execution_id().to_string()];
                                    context.put("done", true);
                                  })
                            .build();
  // One at a time: all others are stored without an owner and claimed one by one.
  SimulatedRunner runner{simulation,
                         {workflow},
                         {.url = directory.sqlite_url() + without_syncs,
                          .config = {.max_active_executions = 1},
                          .fault = lose_the_third_claim}};
  std::vector<SimulatedRunner::Pending> pending;
  for (int i = 0; i < 10; ++i) pending.push_back(runner.begin("count"));
  for (auto& [handle, acceptance] : pending)
    CHECK(handle.wait().status() == WorkflowStatus::completed);
  CHECK(claims > 3);
  CHECK(runs.size() == 10);
  for (auto const& [id, times] : runs) CHECK(times == 1);
}

// The waiter was given the error, as if it were the end of what it waits for.
TEST_CASE("an end that cannot be read now is told later", "[engine][simulation][faults]") {
  auto const point = GENERATE(as<std::string>{}, "find_execution", "find_definition", "tasks_of");
  auto const failure = GENERATE(Failure::again, Failure::broken);
  CAPTURE(point, static_cast<int>(failure));
  Simulation simulation{6};
  ScratchDirectory directory;
  Faults faults{.point = point, .failure = failure};
  Chain chain;
  SimulatedRunner runner{
      simulation,
      {chain.workflow()},
      {.url = directory.sqlite_url() + without_syncs, .fault = std::ref(faults)}};
  auto const id = runner.execute("chain").id();
  auto const completion = runner.machine().watch(id);
  faults.times = 3;
  CHECK(runner.machine().wait(completion->signal(), 1min));
  CHECK(completion->result().status() == WorkflowStatus::completed);
  CHECK(faults.happened == 3);
}

TEST_CASE("an outage longer than the lease ends where nobody else is there",
          "[engine][simulation][outage]") {
  Simulation simulation{3};
  Faults faults{.point = "begin", .failure = Failure::broken};
  Chain chain;
  SimulatedRunner runner{simulation, {chain.workflow()}, {.fault = std::ref(faults)}};
  auto const handle = runner.submit("chain");
  faults.times = 60;  // some twenty seconds and more
  auto const begun = simulation.monotonic();
  CHECK(handle.wait().status() == WorkflowStatus::completed);
  CHECK(simulation.monotonic() - begun > 15s);
  CHECK(chain.bodies == each_once);
}

TEST_CASE("random faults lose nothing, double nothing and start nothing too early",
          "[engine][simulation][faults]") {
  auto const seed = GENERATE(range(1, 41));
  CAPTURE(seed);
  Simulation simulation{static_cast<std::uint64_t>(seed)};
  ScratchDirectory directory;
  std::mt19937 dice{static_cast<std::uint32_t>(seed)};
  bool raging = false;
  auto const faults = [&](std::string_view point) {
    if (!raging || dice() % 12 != 0) return;
    bool const commit = point == "commit.before" || point == "commit.after";
    // After a commit that happened the answer can only be lost, not be another one.
    auto const failure = point == "commit.after"     ? Failure::unknown
                         : commit && dice() % 2 != 0 ? Failure::unknown
                         : dice() % 2 != 0           ? Failure::again
                                                     : Failure::broken;
    throw SessionError{failure, "injected", "SQLITE_IOERR"};
  };
  std::map<std::string, int> bodies;
  auto const body = [&](TaskContext<>& context) -> asio::awaitable<void> {
    ++bodies[context.idempotency_key()];
    auto const time = std::chrono::milliseconds{context.get_as<int>("n") % 5};
    co_await context.async_sleep_for(time);
    for (auto const* before : {"a", "b"})
      if (context.task_id() > before)
        context.put(context.task_id(), context.get_as<int>(before) + 1);
    if (context.task_id() == "a") context.put("a", 1);
  };
  auto const workflow = WorkflowBuilder{"chain"}
                            .task("a", body)
                            .task("b", {"a"}, body)
                            .task("c", {"b"}, body)
                            .build();
  SimulatedRunner runner{
      simulation, {workflow}, {.url = directory.sqlite_url() + without_syncs, .fault = faults}};
  raging = true;
  std::vector<SimulatedRunner::Pending> pending;
  for (int n = 0; n < 30; ++n) {
    pending.push_back(
        runner.begin("chain", Context{{"n", n}}, {.start_after = n % 10 == 0 ? 1s : 0s}));
    simulation.run_for(1ms);
  }
  for (auto const& one : pending) {
    auto const result = one.handle.wait();
    CHECK(result.status() == WorkflowStatus::completed);
    CHECK(result.context().get("c") == 3);
    CHECK(one.acceptance->error() == nullptr);
  }
  raging = false;
  CHECK(bodies.size() == 90);
  for (auto const& [key, runs] : bodies) CHECK(runs == 1);
  RawDatabase const raw{directory.path() / "test.db"};
  CHECK(raw.integer("SELECT count(*) FROM workflow_executions WHERE status = 'Completed' AND owner "
                    "IS NULL") == 30);
  CHECK(raw.integer("SELECT count(*) FROM task_executions WHERE status = 'Completed'") == 90);
}

TEST_CASE("a row that the database refuses fails its execution and no other",
          "[engine][simulation][refused]") {
  Simulation simulation{4};
  ScratchDirectory directory;
  auto const workflow =
      WorkflowBuilder{"write"}
          .task("write", [](TaskContext<>& context) { context.put("out", context.get("in")); })
          .task("then", {"write"}, [](TaskContext<>&) {})
          .build();
  SimulatedRunner runner{simulation, {workflow}, {.url = directory.sqlite_url() + without_syncs}};
  RawDatabase raw{directory.path() / "test.db"};
  raw.execute(
      "CREATE TRIGGER refuse_task BEFORE INSERT ON task_executions WHEN NEW.delta LIKE '%poison%'"
      " BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");
  raw.execute(
      "CREATE TRIGGER refuse_input BEFORE INSERT ON workflow_executions WHEN NEW.input LIKE "
      "'%unwanted%'"
      " BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");

  SECTION("while it runs") {
    std::vector<SimulatedRunner::Pending> pending;
    for (int i = 0; i < 10; ++i)
      pending.push_back(runner.begin("write", Context{{"in", i == 4 ? "poison" : "wholesome"}}));
    for (int i = 0; i < 10; ++i) {
      CAPTURE(i);
      auto const result = pending[static_cast<std::size_t>(i)].handle.wait();
      CHECK(result.status() == (i == 4 ? WorkflowStatus::failed : WorkflowStatus::completed));
      if (i != 4) continue;
      CHECK_THAT(result.error(), Catch::Contains("refused by the test"));
      // What the waiter hears is what is stored, and nothing of it is open.
      auto const stored = runner.machine().result(result.id());
      CHECK(result.task("write").status == TaskStatus::failed);
      CHECK(result.task("then").status == TaskStatus::cancelled);
      CHECK(stored.task("write").status == TaskStatus::failed);
      CHECK(stored.task("then").status == TaskStatus::cancelled);
      CHECK_THAT(stored.task("write").error, Catch::Contains("refused by the test"));
    }
    CHECK(
        raw.integer(
            "SELECT count(*) FROM workflow_executions WHERE status = 'Failed' AND owner IS NULL") ==
        1);
  }
  SECTION("when it is submitted") {
    std::vector<SimulatedRunner::Pending> pending;
    for (int i = 0; i < 10; ++i)
      pending.push_back(runner.begin("write", Context{{"in", i == 4 ? "unwanted" : "wholesome"}}));
    for (int i = 0; i < 10; ++i) {
      CAPTURE(i);
      auto const& one = pending[static_cast<std::size_t>(i)];
      if (i == 4) {
        CHECK_THROWS_AS(one.handle.wait(), BackendError);
        CHECK(one.acceptance->error() != nullptr);
      } else {
        CHECK(one.handle.wait().status() == WorkflowStatus::completed);
      }
    }
    CHECK(raw.integer("SELECT count(*) FROM workflow_executions") == 9);
  }
}

TEST_CASE("a refused execution whose task had a callback is answered all the same",
          "[engine][simulation][refused]") {
  Simulation simulation{5};
  ScratchDirectory directory;
  int called = 0;
  auto const on_success = [&](std::string_view, Context const&) { ++called; };
  auto const workflow = WorkflowBuilder{"write"}
                            .task("write", {.on_success = on_success},
                                  [](TaskContext<>& context) { context.put("out", "poison"); })
                            .build();
  SimulatedRunner runner{simulation, {workflow}, {.url = directory.sqlite_url() + without_syncs}};
  RawDatabase raw{directory.path() / "test.db"};
  raw.execute(
      "CREATE TRIGGER refuse_task BEFORE INSERT ON task_executions WHEN NEW.delta LIKE '%poison%'"
      " BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");
  auto const result = runner.submit("write").wait_for(60s);
  REQUIRE(result.has_value());
  CHECK(result->status() == WorkflowStatus::failed);
  CHECK(called == 0);  // its outcome was never recorded
}

TEST_CASE("a runner that is declared dead while it splits a batch sends the rest again",
          "[engine][simulation][refused]") {
  Simulation simulation{6};
  ScratchDirectory directory;
  auto const workflow = WorkflowBuilder{"write"}.task("write", [](TaskContext<>&) {}).build();
  // Somebody takes over after the third insert: that of the whole batch, and two of the single
  // ones.
  int inserts = 0;
  bool dead = false;
  auto const fault = [&](std::string_view point) {
    if (point == "insert_execution") ++inserts;
    if (point != "begin" || inserts < 3 || dead) return;
    dead = true;
    RawDatabase{directory.path() / "test.db"}.execute(
        "UPDATE runners SET state = 'dead', ended_at = 1; UPDATE workflow_executions SET owner = "
        "NULL, takeovers = 1");
  };
  SimulatedRunner runner{
      simulation, {workflow}, {.url = directory.sqlite_url() + without_syncs, .fault = fault}};
  RawDatabase raw{directory.path() / "test.db"};
  raw.execute(
      "CREATE TRIGGER refuse_input BEFORE INSERT ON workflow_executions WHEN NEW.input LIKE "
      "'%unwanted%'"
      " BEGIN SELECT RAISE(ABORT, 'refused by the test'); END");
  std::vector<SimulatedRunner::Pending> pending;
  for (int i = 0; i < 6; ++i)
    pending.push_back(runner.begin("write", Context{{"in", i == 0 ? "unwanted" : "fine"}}));
  CHECK_THROWS_AS(pending[0].handle.wait(), BackendError);
  for (std::size_t i = 1; i < 6; ++i)
    CHECK(pending[i].handle.wait().status() == WorkflowStatus::completed);
  CHECK(dead);
}

TEST_CASE("an execution that cannot be read is Failed once, and holds nobody up",
          "[engine][simulation][refused]") {
  Simulation simulation{7};
  ScratchDirectory directory;
  auto const workflow = WorkflowBuilder{"write"}.task("write", [](TaskContext<>&) {}).build();
  int reconciled = 0;
  auto const count = [&](std::string_view point) { reconciled += point == "owned_executions"; };
  SimulatedRunner runner{
      simulation, {workflow}, {.url = directory.sqlite_url() + without_syncs, .fault = count}};
  RawDatabase raw{directory.path() / "test.db"};
  raw.execute(
      "INSERT INTO workflow_executions (id, workflow, version, status, created_at, input) VALUES "
      "(x'0192f0c1000070008000000000000001', 'write', '" +
      workflow.version() + "', 'Pending', 1, '{\"broken')");
  auto const id = ExecutionId::parse("0192f0c1-0000-7000-8000-000000000001");
  auto const status = [&] { return runner.machine().status(id); };
  REQUIRE(simulation.run_until([&] { return status() == WorkflowStatus::failed; }, 10s));
  CHECK_THAT(raw.text("SELECT error FROM workflow_executions"), Catch::Contains("cannot be read"));
  CHECK(raw.integer("SELECT count(*) FROM workflow_executions WHERE owner IS NULL") == 1);
  auto const before = reconciled;
  CHECK(runner.execute("write").status() == WorkflowStatus::completed);
  simulation.run_for(1min);
  CHECK(reconciled == before);
}

// It was claimed again and again, with no commit between: all others waited, and the lease ran out.
TEST_CASE("a claimed row that cannot be read is Failed, and the others of its batch run",
          "[engine][simulation][refused]") {
  Simulation simulation{7};
  ScratchDirectory directory;
  auto const workflow = WorkflowBuilder{"write"}.task("write", [](TaskContext<>&) {}).build();
  SimulatedRunner runner{simulation, {workflow}, {.url = directory.sqlite_url() + without_syncs}};
  RawDatabase raw{directory.path() / "test.db"};
  for (auto const* row : {"01', NULL", "02', '{}'", "03', '{}'"})
    raw.execute(
        "INSERT INTO workflow_executions (workflow, version, status, created_at, id, input) VALUES "
        "('write', '" +
        workflow.version() + "', 'Pending', 1, x'0192f0c10000700080000000000000" + row + ")");
  auto const ended = [&](std::string const& status) {
    return raw.integer(
        "SELECT count(*) FROM workflow_executions WHERE owner IS NULL AND status = '" + status +
        "'");
  };
  REQUIRE(
      simulation.run_until([&] { return ended("Completed") == 2 && ended("Failed") == 1; }, 10s));
  CHECK_THAT(raw.text("SELECT error FROM workflow_executions WHERE error IS NOT NULL"),
             Catch::Contains("cannot be read"));
  CHECK(raw.integer("SELECT count(*) FROM runners") == 1);
  // One of another length kept everybody from every takeover.
  CHECK_THROWS(raw.execute("UPDATE workflow_executions SET owner = x'0102'"));
}

// Its callers waited for ever, with one warning in the log; and what was met by a read was tried
// again for ever.
TEST_CASE("a damaged database ends its runner, and everybody is told",
          "[engine][simulation][faults]") {
  std::string const point = GENERATE("fence", "look_around", "tasks_of");
  CAPTURE(point);
  Simulation simulation{7};
  ScratchDirectory directory;
  Faults faults{.point = point, .failure = Failure::damaged};
  auto const workflow = WorkflowBuilder{"long"}
                            .task("long",
                                  [](TaskContext<>& context) -> asio::awaitable<void> {
                                    co_await context.async_sleep_for(1min);
                                  })
                            .build();
  SimulatedRunner runner{
      simulation,
      {workflow},
      {.url = directory.sqlite_url() + without_syncs, .fault = std::ref(faults)}};
  auto const first = runner.begin("long");
  simulation.run_for(1s);
  faults.times = 1;
  auto const second = runner.begin("long");
  RawDatabase{directory.path() / "test.db"}.execute(  // for whoever comes by
      "INSERT INTO workflow_executions (id, workflow, version, status, created_at, input) VALUES "
      "(x'0192f0c1000070008000000000000001', 'long', '" +
      workflow.version() + "', 'Running', 1, '{}')");
  CHECK_THROWS_WITH(first.handle.wait(),
                    Catch::Contains("runner has stopped: injected at " + point));
  CHECK_THROWS_WITH(second.handle.wait(),
                    Catch::Contains("runner has stopped: injected at " + point));
}
