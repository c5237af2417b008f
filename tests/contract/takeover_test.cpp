#include "contract/dal_fixture.hpp"

using namespace cloacina;
using namespace cloacina::contract;
using namespace std::chrono_literals;

namespace {

/// A runner that is going to die with execution 1 and its task "load" Running, and one that
/// survives.
struct TwoRunners : DalFixture {
  std::uint64_t next_number = 3;
  TestRunner survivor{*backend, 2};

  void let_expire() {
    backend->lease_clock += lease + 1us;
    survivor.commit({});
  }
  /// A new runner claims execution 1, marks "load" as running, and dies; the survivor takes over.
  dal::TakeoverResult crash_once(std::int64_t second, std::uint32_t max_crashes) {
    TestRunner victim{*backend, next_number++};
    REQUIRE(victim.commit(claiming(1, at(second))).claimed.size() == 1);
    auto marker = a_task(1, "load", TaskStatus::running);
    marker.started_at = at(second);
    victim.commit(writing({marker}));
    let_expire();
    return survivor.take_over(at(second + 1), max_crashes);
  }
};

}  // namespace

TEST_CASE("a takeover frees what an expired runner owned, and only that", "[contract][takeover]") {
  TwoRunners fixture;
  auto paused = an_execution(2);
  paused.status = WorkflowStatus::paused;
  fixture.runner.commit(inserting({an_execution(1), paused}));
  fixture.survivor.commit(inserting({an_execution(3), an_execution(4, false)}));
  fixture.let_expire();

  auto const result = fixture.survivor.take_over(at(50));
  CHECK(result.runners == 1);
  CHECK(result.executions == 2);
  CHECK(result.orphans == 0);
  CHECK_FALSE(fixture.execution(1).owner.has_value());
  CHECK(fixture.execution(1).takeovers == 1);
  CHECK(fixture.execution(1).status == WorkflowStatus::running);
  CHECK(fixture.execution(2).takeovers == 1);
  CHECK(fixture.execution(2).status == WorkflowStatus::paused);
  CHECK(fixture.execution(3).owner == fixture.survivor.id());
  CHECK(fixture.execution(3).takeovers == 0);
  CHECK(fixture.execution(4).takeovers == 0);

  auto const again = fixture.survivor.take_over(at(51));
  CHECK(again.runners == 0);
  CHECK(again.executions == 0);
  CHECK(fixture.survivor.commit(claiming(10)).claimed.size() == 2);  // 1 and 4; 2 is paused
}

TEST_CASE("a lease that is not over is not touched", "[contract][takeover]") {
  TwoRunners fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  fixture.backend->lease_clock += lease - fixture.backend->clock_tolerance();
  fixture.survivor.commit({});
  CHECK(fixture.survivor.take_over(at(50)).runners == 0);
  CHECK(fixture.execution(1).owner == fixture.runner.id());
}

TEST_CASE("the first takeover restarts running tasks and counts no crash", "[contract][takeover]") {
  TwoRunners fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  auto running = a_task(1, "load", TaskStatus::running);
  running.attempt = 2;
  running.started_at = at(3);
  auto deferred = a_task(1, "save", TaskStatus::deferred);
  fixture.runner.commit(writing({running, deferred}));
  fixture.let_expire();
  fixture.survivor.take_over(at(50));
  auto const task = fixture.task(1, "load");
  CHECK(task.status == TaskStatus::ready);
  CHECK(task.attempt == 2);
  CHECK(task.crashes == 0);
  CHECK_FALSE(task.wake_at.has_value());
  CHECK(fixture.task(1, "save").status == TaskStatus::deferred);
  CHECK(dal::attempts_of(fixture.survivor.session(), id_of(1)).empty());
}

TEST_CASE("the wait after a crash doubles up to 68 minutes", "[contract][takeover]") {
  TwoRunners fixture;
  fixture.survivor.commit(inserting({an_execution(1, false)}));
  fixture.crash_once(100, 100);  // the first takeover counts nothing
  for (int crash = 1; crash <= 15; ++crash) {
    CAPTURE(crash);
    auto const second = 100 + crash * 10;
    fixture.crash_once(second, 100);
    auto const expected = std::chrono::seconds{1 << std::min(crash - 1, 12)};
    CHECK(fixture.task(1, "load").wake_at == at(second + 1) + expected);
  }
}

TEST_CASE("later takeovers count crashes, make the task wait, and fail it at the limit",
          "[contract][takeover]") {
  TwoRunners fixture;
  fixture.survivor.commit(inserting({an_execution(1, false)}));
  fixture.crash_once(100, 3);
  CHECK(fixture.task(1, "load").crashes == 0);

  fixture.crash_once(200, 3);
  CHECK(fixture.task(1, "load").crashes == 1);
  CHECK(fixture.task(1, "load").status == TaskStatus::ready);
  CHECK(fixture.task(1, "load").wake_at == at(201) + 1s);

  fixture.crash_once(300, 3);
  CHECK(fixture.task(1, "load").crashes == 2);
  CHECK(fixture.task(1, "load").wake_at == at(301) + 2s);

  fixture.crash_once(400, 3);
  auto const task = fixture.task(1, "load");
  CHECK(task.crashes == 3);
  CHECK(task.status == TaskStatus::failed);
  CHECK(task.completed_at == at(401));
  CHECK_FALSE(task.wake_at.has_value());
  REQUIRE(task.error.has_value());
  CHECK_THAT(*task.error, Catch::StartsWith("task 'load' crashed 3 times: "));

  auto const attempts = dal::attempts_of(fixture.survivor.session(), id_of(1));
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].error == *task.error);
  CHECK(attempts[0].ended_at == at(401));
  // Its next owner finds the failed task and goes on from there.
  CHECK(fixture.execution(1).takeovers == 4);
  CHECK(fixture.survivor.commit(claiming(1, at(500))).claimed.size() == 1);
}

TEST_CASE("tasks that were not running are left as they are by a takeover",
          "[contract][takeover]") {
  TwoRunners fixture;
  fixture.survivor.commit(inserting({an_execution(1, false)}));
  fixture.crash_once(100, 3);
  TestRunner victim{*fixture.backend, 9};
  REQUIRE(victim.commit(claiming(1, at(150))).claimed.size() == 1);
  auto waiting = a_task(1, "load", TaskStatus::ready);
  waiting.attempt = 2;
  waiting.wake_at = at(160);
  auto failed = a_task(1, "save", TaskStatus::failed);
  failed.error = "its own";
  failed.completed_at = at(151);
  victim.commit(writing({waiting, failed}));
  fixture.let_expire();
  fixture.survivor.take_over(at(151));  // at the same instant as the failure
  CHECK(fixture.task(1, "load").crashes == 0);
  CHECK(fixture.task(1, "load").attempt == 2);
  CHECK(fixture.task(1, "load").wake_at == at(160));
  CHECK(fixture.task(1, "save").error == "its own");
}

TEST_CASE("a lost at-most-once task has an unknown outcome, by takeover and by release",
          "[contract][takeover]") {
  bool const by_release = GENERATE(true, false);
  TwoRunners fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  auto marker = a_task(1, "load", TaskStatus::running);
  marker.at_most_once = true;
  marker.started_at = at(3);
  auto not_started = a_task(1, "save", TaskStatus::ready);
  not_started.at_most_once = true;
  fixture.runner.commit(writing({marker, not_started}));
  if (by_release) {
    CHECK(std::holds_alternative<dal::Committed>(fixture.runner.release(at(50))));
  } else {
    fixture.let_expire();
    fixture.survivor.take_over(at(50));
  }
  auto const task = fixture.task(1, "load");
  CHECK(task.status == TaskStatus::failed);
  CHECK(task.error == "outcome unknown: owner lost");
  CHECK(task.completed_at == at(50));
  CHECK(task.crashes == 0);
  CHECK(fixture.task(1, "save").status == TaskStatus::ready);
  auto const attempts = dal::attempts_of(fixture.survivor.session(), id_of(1));
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].error == "outcome unknown: owner lost");
  CHECK(attempts[0].started_at == at(3));
}

TEST_CASE("a release frees everything without a takeover and ends the runner",
          "[contract][takeover]") {
  TwoRunners fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  fixture.survivor.commit(inserting({an_execution(2)}));
  auto running = a_task(1, "load", TaskStatus::running);
  running.started_at = at(3);
  fixture.runner.commit(writing({running}));
  CHECK(std::holds_alternative<dal::Committed>(fixture.runner.release(at(50))));

  CHECK_FALSE(fixture.execution(1).owner.has_value());
  CHECK(fixture.execution(1).takeovers == 0);
  CHECK(fixture.task(1, "load").status == TaskStatus::ready);
  CHECK(fixture.task(1, "load").crashes == 0);
  CHECK(fixture.execution(2).owner == fixture.survivor.id());
  CHECK(std::holds_alternative<dal::Fenced>(fixture.runner.try_commit({})));
  auto const state = dal::read_runner(fixture.survivor.session(), fixture.runner.id());
  REQUIRE(state.has_value());
  CHECK_FALSE(state->alive);
  auto const seen = dal::look_around(fixture.survivor.database(), fixture.survivor.session(),
                                     fixture.survivor.id(), at(50), known_workflows);
  CHECK(seen.others_alive == 0);
  CHECK_FALSE(seen.expired_runners);
}

TEST_CASE("owners that are not alive at all are cleared and counted", "[contract][takeover]") {
  static constexpr backend::Statement forget{.name = "forget_a_runner",
                                             .sqlite = "DELETE FROM {s}.runners WHERE id = $1"};
  TwoRunners fixture;
  fixture.runner.commit(inserting({an_execution(1), an_execution(2)}));
  fixture.survivor.session().execute(forget,
                                     std::array<backend::Value, 1>{fixture.runner.id().value});
  auto const result = fixture.survivor.take_over(at(50));
  CHECK(result.runners == 0);
  CHECK(result.orphans == 1);
  CHECK(result.executions == 2);
}

TEST_CASE("several expired runners are taken over at once", "[contract][takeover]") {
  TwoRunners fixture;
  std::vector<std::unique_ptr<TestRunner>> others;
  for (std::uint64_t number = 10; number < 15; ++number) {
    others.push_back(std::make_unique<TestRunner>(*fixture.backend, number));
    others.back()->commit(inserting({an_execution(number * 10), an_execution(number * 10 + 1)}));
  }
  fixture.let_expire();
  auto const result = fixture.survivor.take_over(at(50));
  CHECK(result.runners == 6);  // with the fixture's own
  CHECK(result.executions == 10);
  CHECK(result.orphans == 0);
}

TEST_CASE("rows of dead runners are kept for a day", "[contract][takeover]") {
  TwoRunners fixture;
  fixture.let_expire();
  fixture.survivor.take_over(at(50));
  fixture.survivor.take_over(at(50) + 24h);
  CHECK(dal::read_runner(fixture.survivor.session(), fixture.runner.id()).has_value());
  fixture.survivor.take_over(at(50) + 24h + 1us);
  CHECK_FALSE(dal::read_runner(fixture.survivor.session(), fixture.runner.id()).has_value());
}
