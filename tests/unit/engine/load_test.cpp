#include "engine/load.hpp"

#include <cloacina/error.hpp>

#include "planning.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::engine;
using namespace cloacina::engine::test;
using namespace std::chrono_literals;
using Kind = Action::Kind;

namespace {

dal::ExecutionRow running(std::string input = "{}") {
  return {.id = {1, 2},
          .workflow = "tested",
          .version = "0123456789abcdef",
          .status = WorkflowStatus::running,
          .priority = 3,
          .owner = std::nullopt,
          .input = std::move(input),
          .output = std::nullopt,
          .error = std::nullopt,
          .idempotency_key = std::nullopt,
          .created_at = Planning::start - 1h,
          .start_after = std::nullopt,
          .started_at = Planning::start - 30min,
          .completed_at = std::nullopt,
          .deadline = Planning::start + 30min,
          .takeovers = 1};
}

dal::TaskRow row(std::string task, TaskStatus status) {
  dal::TaskRow made;
  made.execution = {1, 2};
  made.task = std::move(task);
  made.status = status;
  return made;
}

dal::TaskRow completed(std::string task, std::string delta) {
  auto made = row(std::move(task), TaskStatus::completed);
  made.delta = std::move(delta);
  return made;
}

}  // namespace

TEST_CASE("an execution goes on from its rows", "[engine][load]") {
  auto const workflow = make_workflow({{.id = "a"},
                                       {.id = "b", .after = {"a"}},
                                       {.id = "c", .after = {"a"}},
                                       {.id = "d", .after = {"b", "c"}}});
  Planning it(restore(
      running(R"({"in":1,"gone":2})"),
      {row("c", TaskStatus::ready), completed("a", R"({"set":{"a":1},"removed":["gone"]})")},
      workflow));
  CHECK(it.state.priority == 3);
  CHECK(it.state.takeovers == 1);
  CHECK(it.state.unfinished == 3);
  CHECK(it.task("a").has_row);
  CHECK_FALSE(it.task("b").has_row);

  it.send(Loaded{});
  CHECK(it.started() == Ids{"b", "c"});
  CHECK(it.given("b") == R"({"in":1,"a":1})");
  CHECK(it.given("c") == R"({"in":1,"a":1})");
  CHECK(next_due(it.state) == Planning::start + 30min);

  it.succeed("b", Context{{"b", 1}}).succeed("c").succeed("d");
  CHECK(it.state.status == WorkflowStatus::completed);
  CHECK(it.state.output == Context{{"in", 1}, {"a", 1}, {"b", 1}});
}

TEST_CASE("a wait that was stored stands", "[engine][load]") {
  auto waits = row("a", TaskStatus::ready);
  waits.attempt = 2;
  waits.error = "broken";
  waits.crashes = GENERATE(0u, 2u);
  auto const left = GENERATE(-5s, 5s);
  waits.wake_at = Planning::start + left;
  Planning it(restore(running(), {waits}, make_workflow({{.id = "a", .max_attempts = 2}})));
  it.send(Loaded{});
  if (left > 0s) {
    CHECK(it.started().empty());
    CHECK(next_due(it.state) == Planning::start + left);
    it.wait(left);
  }
  CHECK(it.started() == Ids{"a"});
  CHECK(it.task("a").attempt == 2);
  CHECK(it.fail("a").state.status == WorkflowStatus::failed);
}

TEST_CASE("what became final under an earlier owner decides over its dependents",
          "[engine][load]") {
  auto failed = row("once", TaskStatus::failed);
  failed.error = "outcome unknown: owner lost";
  Planning it(restore(running(), {failed},
                      make_workflow({{.id = "once", .execution = ExecutionMode::at_most_once},
                                     {.id = "b", .after = {"once"}},
                                     {.id = "c", .after = {"b"}}})));
  it.send(Loaded{});
  CHECK(it.status("b") == TaskStatus::skipped);
  CHECK(it.status("c") == TaskStatus::skipped);
  CHECK(it.task("c").skipped_by_failure);
  CHECK(it.final() == Ids{"b", "c"});
  CHECK(it.state.status == WorkflowStatus::failed);
  CHECK(it.count(Kind::finish) == 1);
}

TEST_CASE("why a task was skipped is remembered for its dependents", "[engine][load]") {
  auto const workflow = make_workflow(
      {{.id = "a"}, {.id = "b", .after = {"a"}}, {.id = "c", .after = {"b"}}, {.id = "free"}});
  auto failed = row("a", TaskStatus::failed);
  auto skipped = row("b", TaskStatus::skipped);
  SECTION("because of a failure") {
    skipped.skip_reason = "upstream_failed: a";
    Planning it(restore(running(), {failed, skipped}, workflow));
    CHECK(it.send(Loaded{}).status("c") == TaskStatus::skipped);
  }
  SECTION("by its own rule") {
    skipped.skip_reason = "its trigger rule did not hold";
    Planning it(restore(running(), {failed, skipped}, workflow));
    CHECK(it.send(Loaded{}).status("c") == TaskStatus::running);
  }
}

TEST_CASE("a Running row, which no takeover leaves, starts again or counts as unknown",
          "[engine][load]") {
  auto const mode = GENERATE(ExecutionMode::at_least_once, ExecutionMode::at_most_once);
  Planning it(restore(running(), {row("a", TaskStatus::running)},
                      make_workflow({{.id = "a", .execution = mode}})));
  it.send(Loaded{});
  if (mode == ExecutionMode::at_least_once) {
    CHECK(it.started() == Ids{"a"});
  } else {
    CHECK(it.started().empty());
    CHECK(it.task("a").error == "outcome unknown: owner lost");
    CHECK(it.state.status == WorkflowStatus::failed);
  }
}

TEST_CASE("an execution that was Pending begins when it is loaded", "[engine][load]") {
  auto pending = running();
  pending.status = WorkflowStatus::pending;
  pending.started_at = pending.deadline = std::nullopt;
  SECTION("at once") {
    Planning it(restore(pending, {}, make_workflow({{.id = "a"}})));
    it.send(Loaded{});
    CHECK(it.started() == Ids{"a"});
    CHECK(it.state.started_at == it.now);
  }
  SECTION("not before its time") {
    pending.start_after = Planning::start + 5s;
    Planning it(restore(pending, {}, make_workflow({{.id = "a"}})));
    CHECK(it.send(Loaded{}).actions.empty());
    CHECK(it.wait(5s).started() == Ids{"a"});
  }
}

TEST_CASE("a paused execution starts nothing when it is loaded", "[engine][load]") {
  auto paused = running();
  paused.status = WorkflowStatus::paused;
  Planning it(restore(paused, {}, make_workflow({{.id = "a"}})));
  CHECK(it.send(Loaded{}).actions.empty());
  CHECK_FALSE(next_due(it.state));
}

TEST_CASE("an execution whose deadline passed without an owner fails at once", "[engine][load]") {
  auto late = running();
  late.deadline = Planning::start - 1s;
  Planning it(restore(late, {row("a", TaskStatus::ready)}, make_workflow({{.id = "a"}})));
  it.send(Loaded{});
  CHECK(it.started().empty());
  CHECK(it.state.error.starts_with("timeout"));
}

TEST_CASE("rows that do not fit the definition are refused, naming the task", "[engine][load]") {
  auto const workflow = make_workflow({{.id = "a"}, {.id = "b", .after = {"a"}}});
  auto unnumbered = row("b", TaskStatus::ready);
  unnumbered.attempt = 0;
  struct Row {
    std::vector<dal::TaskRow> rows;
    std::string task, message;
  };
  auto const refused = GENERATE_REF(values<Row>({
      {{row("x", TaskStatus::ready)}, "x", "no such task"},
      {{row("a", TaskStatus::ready), row("a", TaskStatus::ready)}, "a", "two rows"},
      {{completed("a", "{}"), unnumbered}, "b", "attempt is 0"},
      {{row("b", TaskStatus::ready)}, "b", "'a' is NotStarted"},
      {{row("a", TaskStatus::running), row("b", TaskStatus::skipped)}, "b", "'a' is Running"},
      {{completed("a", "[1]")}, "a", "delta"},
      {{completed("a", "{\"set\":")}, "a", "delta"},
  }));
  CAPTURE(refused.message);
  try {
    (void)restore(running(), refused.rows, workflow);
    FAIL("accepted");
  } catch (ValidationError const& error) {
    CHECK(error.where() == refused.task);
    CHECK(std::string(error.what()).find("'" + refused.task + "'") != std::string::npos);
    CHECK(std::string(error.what()).find(refused.message) != std::string::npos);
  }
}

TEST_CASE("an input that cannot be read is refused", "[engine][load]") {
  CHECK_THROWS_AS(restore(running("not JSON"), {}, make_workflow({{.id = "a"}})), ValidationError);
}
