#include "planning.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::engine;
using namespace cloacina::engine::test;
using namespace std::chrono_literals;
using Kind = Action::Kind;

TEST_CASE("an execution whose tasks succeeded is Completed, with the context at its end",
          "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b"}, {.id = "c", .after = {"a"}}}),
              Context{{"in", 0}});
  it.submit().succeed("a", Context{{"a", 1}}).succeed("b", Context{{"b", 2}});
  it.now += 1s;
  it.succeed("c", Context{{"c", 3}});
  CHECK(it.state.status == WorkflowStatus::completed);
  CHECK(it.state.error.empty());
  CHECK(it.state.completed_at == it.now);
  CHECK(it.state.output == Context{{"in", 0}, {"a", 1}, {"b", 2}, {"c", 3}});
  CHECK(it.actions == std::vector<Action>{{Kind::write_task, 2},
                                          {Kind::task_final, 2},
                                          {Kind::write_execution, 0},
                                          {Kind::finish, 0}});
  CHECK_FALSE(next_due(it.state));
}

TEST_CASE("a failure fails the execution unless a task that names it completed", "[engine][plan]") {
  struct Row {
    TriggerRule rule;
    WorkflowStatus expected;
  };
  auto const row = GENERATE(values<Row>({
      {TriggerRule(), WorkflowStatus::failed},
      {when::always(), WorkflowStatus::failed},
      {when::none(when::task_success("a")), WorkflowStatus::failed},
      {when::task_failed("a"), WorkflowStatus::completed},
      {when::any(when::task_success("a"), when::task_failed("a")), WorkflowStatus::completed},
  }));
  CAPTURE(row.rule.to_json().dump());
  Planning it(make_workflow({{.id = "a"}, {.id = "b", .after = {"a"}, .rule = row.rule}}));
  it.submit().fail("a");
  if (it.status("b") == TaskStatus::running) it.succeed("b");
  CHECK(it.state.status == row.expected);
}

TEST_CASE("a handler that fails itself, or was skipped, handles nothing", "[engine][plan]") {
  Planning it(
      make_workflow({{.id = "a"}, {.id = "b", .after = {"a"}, .rule = when::task_failed("a")}}));
  it.submit().fail("a").fail("b");
  CHECK(it.state.status == WorkflowStatus::failed);
}

TEST_CASE("the error of a failed execution says which tasks failed and why", "[engine][plan]") {
  Planning it(make_workflow({{.id = "first"},
                             {.id = "load", .after = {"first"}, .max_attempts = 3},
                             {.id = "after", .after = {"load"}}}));
  it.submit().succeed("first");
  for (int i = 0; i < 3; ++i) it.fail("load", "disk full").wait(1s);
  REQUIRE(it.state.status == WorkflowStatus::failed);
  CHECK(it.state.error == "task 'load' failed after 3 attempts: disk full; 1 completed, 1 skipped");
}

TEST_CASE("a failed task leaves independent branches running", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b"}}));
  it.submit().fail("a");
  CHECK(it.state.status == WorkflowStatus::running);
  it.succeed("b", Context{{"b", 1}});
  CHECK(it.state.status == WorkflowStatus::failed);
  CHECK(it.state.output == Context{{"b", 1}});
}

TEST_CASE("at its deadline an execution fails, and what is unfinished is cancelled",
          "[engine][plan]") {
  Planning it(make_workflow({{.id = "done"},
                             {.id = "runs"},
                             {.id = "waits", .max_attempts = 2, .retry_delay = 1h},
                             {.id = "later", .after = {"runs"}}},
                            90s));
  it.submit().succeed("done", Context{{"k", 1}}).fail("waits");
  CHECK(next_due(it.state) == it.now + 90s);
  CHECK(it.wait(89s).actions.empty());
  it.wait(1s);
  CHECK(it.state.status == WorkflowStatus::failed);
  CHECK(it.state.error.starts_with("timeout"));
  CHECK(it.state.error.find("90s") != std::string::npos);
  CHECK(it.status("done") == TaskStatus::completed);
  for (auto const* id : {"runs", "waits", "later"}) CHECK(it.status(id) == TaskStatus::cancelled);
  CHECK(it.stopped() == Ids{"runs"});
  CHECK(it.written() == Ids{"runs", "waits", "later"});
  CHECK(it.final() == Ids{"runs", "waits", "later"});
  CHECK(it.actions.back() == Action{Kind::finish, 0});
  CHECK(it.state.output == Context{{"k", 1}});
  CHECK_FALSE(next_due(it.state));
}

TEST_CASE("a deadline is before a wait that ends with it", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .max_attempts = 2, .retry_delay = 5s}}, 5s));
  it.submit().fail("a").wait(5s);
  CHECK(it.started().empty());
  CHECK(it.state.status == WorkflowStatus::failed);
}

TEST_CASE("a cancel stops what runs and cancels what is unfinished", "[engine][plan]") {
  Planning it(make_workflow(
      {{.id = "done"}, {.id = "runs", .after = {"done"}}, {.id = "later", .after = {"runs"}}}));
  it.submit().succeed("done", Context{{"k", 1}});
  it.now += 2s;
  it.send(CancelRequested{"customer left"});
  CHECK(it.state.status == WorkflowStatus::cancelled);
  CHECK(it.state.error == "customer left");
  CHECK(it.state.completed_at == it.now);
  CHECK(it.state.output == Context{{"k", 1}});
  CHECK(it.status("done") == TaskStatus::completed);
  CHECK(it.status("runs") == TaskStatus::cancelled);
  CHECK(it.status("later") == TaskStatus::cancelled);
  CHECK(it.stopped() == Ids{"runs"});
  CHECK(it.written() == Ids{"runs", "later"});
  CHECK(it.final() == Ids{"runs", "later"});
  CHECK(it.count(Kind::write_execution) == 1);
  CHECK(it.count(Kind::finish) == 1);
  REQUIRE(it.state.ended_attempts.size() == 1);
  CHECK(it.state.ended_attempts.front().status == TaskStatus::cancelled);
  CHECK(it.state.ended_attempts.front().error == "customer left");
}

TEST_CASE("what has not begun can be cancelled", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b", .after = {"a"}}}), Context{{"k", 1}});
  it.state.start_after = it.now + 1h;
  it.submit().send(CancelRequested{"no"});
  CHECK(it.state.status == WorkflowStatus::cancelled);
  CHECK_FALSE(it.state.started_at);
  CHECK(it.stopped().empty());
  CHECK(it.final() == Ids{"a", "b"});
  CHECK(it.state.output == Context{{"k", 1}});
}

TEST_CASE("a final execution ignores every event", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}}));
  it.submit();
  SECTION("Completed") { it.succeed("a"); }
  SECTION("Failed") { it.fail("a"); }
  SECTION("Cancelled") { it.send(CancelRequested{"no"}); }
  auto const status = it.state.status;
  auto const error = it.state.error;
  CHECK(it.submit().actions.empty());
  CHECK(it.send(Loaded{}).actions.empty());
  CHECK(it.succeed("a").actions.empty());
  CHECK(it.fail("a").actions.empty());
  CHECK(it.wait(100h).actions.empty());
  CHECK(it.send(CancelRequested{"late"}).actions.empty());
  CHECK(it.state.status == status);
  CHECK(it.state.error == error);
}
