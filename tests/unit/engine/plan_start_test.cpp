#include "planning.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::engine;
using namespace cloacina::engine::test;
using namespace std::chrono_literals;
using Kind = Action::Kind;

TEST_CASE("an execution begins with its roots", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b"}, {.id = "c", .after = {"a", "b"}}}),
              Context{{"k", 1}});
  it.submit();
  CHECK(it.actions == std::vector<Action>{{Kind::write_execution, 0},
                                          {Kind::start_task, 0},
                                          {Kind::start_task, 1}});
  CHECK(it.state.status == WorkflowStatus::running);
  CHECK(it.state.started_at == it.now);
  CHECK(it.status("a") == TaskStatus::running);
  CHECK(it.task("a").started_at == it.now);
  CHECK(it.given("a") == R"({"k":1})");
  CHECK(it.status("c") == TaskStatus::not_started);
  CHECK(it.state.unfinished == 3);
}

TEST_CASE("submitting what runs already changes nothing", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}}));
  it.submit().submit();
  CHECK(it.actions.empty());
}

TEST_CASE("before start_after there is nothing but a wait", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}}));
  it.state.start_after = it.now + 10min;
  it.submit();
  CHECK(it.actions.empty());
  CHECK(it.state.status == WorkflowStatus::pending);
  CHECK(next_due(it.state) == it.now + 10min);

  SECTION("a timer that rings too early changes nothing") {
    it.wait(9min);
    CHECK(it.actions.empty());
  }
  SECTION("then it begins") {
    it.wait(10min);
    CHECK(it.started() == Ids{"a"});
    CHECK(it.count(Kind::write_execution) == 1);
    CHECK(it.state.started_at == it.now);
  }
}

TEST_CASE("a start_after that has passed is no wait", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}}));
  it.state.start_after = it.now;
  CHECK(it.submit().started() == Ids{"a"});
}

TEST_CASE("the deadline counts from the first start, by the workflow's timeout before the runner's",
          "[engine][plan]") {
  struct Row {
    std::optional<std::chrono::milliseconds> of_workflow;
    std::chrono::milliseconds of_runner;
    std::optional<std::chrono::milliseconds> expected;
  };
  auto const [of_workflow, of_runner, expected] = GENERATE(values<Row>({
      {std::nullopt, 1h, 1h},
      {5s, 1h, 5s},
      {0ms, 1h, std::nullopt},
      {5s, 0ms, 5s},
      {longest_duration, 1h, longest_duration},
      {std::nullopt, 0ms, std::nullopt},
  }));
  Planning it(make_workflow({{.id = "a"}}, of_workflow));
  it.settings.workflow_timeout = of_runner;
  it.now += 3s;
  it.submit();
  CHECK(it.state.deadline.has_value() == expected.has_value());
  if (expected) CHECK(it.state.deadline == it.now + *expected);
  CHECK(next_due(it.state) == it.state.deadline);
}

TEST_CASE("a root whose rule does not hold is skipped by its own rule, and its dependents run",
          "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .rule = when::context_value("go", when::equals, true)},
                             {.id = "b", .after = {"a"}}}),
              Context{{"go", false}});
  it.submit();
  CHECK(it.status("a") == TaskStatus::skipped);
  CHECK_FALSE(it.task("a").skipped_by_failure);
  CHECK_FALSE(it.task("a").skip_reason.empty());
  CHECK(it.written() == Ids{"a"});
  CHECK(it.final() == Ids{"a"});
  CHECK(it.started() == Ids{"b"});
  CHECK(it.given("b") == R"({"go":false})");
}

TEST_CASE("an execution of which nothing runs ends as it begins", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .rule = when::any()}}), Context{{"k", 1}});
  it.submit();
  CHECK(it.started().empty());
  CHECK(it.state.status == WorkflowStatus::completed);
  CHECK(it.count(Kind::write_execution) == 1);
  CHECK(it.count(Kind::finish) == 1);
  CHECK(it.state.output.to_json() == R"({"k":1})");
}

TEST_CASE("a task starts when the last of its dependencies has ended", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b"}, {.id = "c", .after = {"a", "b"}}}));
  it.submit();
  CHECK(it.succeed("b").started().empty());
  CHECK(it.succeed("a").started() == Ids{"c"});
}

TEST_CASE("a task that may run only once is stored before it starts", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .execution = ExecutionMode::at_most_once}}));
  it.submit();
  CHECK(it.actions == std::vector<Action>{{Kind::write_execution, 0},
                                          {Kind::write_task, 0},
                                          {Kind::start_task, 0}});
}

TEST_CASE("after a takeover every start is stored first", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b", .after = {"a"}}}));
  it.state.takeovers = 1;
  it.submit();
  CHECK(it.written() == Ids{"a"});
  it.succeed("a");
  CHECK(it.written() == Ids{"a", "b"});
  CHECK(it.actions.back() == Action{Kind::start_task, 1});
}

TEST_CASE("ten thousand skips in a chain are one decision", "[engine][plan]") {
  std::vector<TestTask> tasks{{.id = "0"}};
  for (int i = 1; i < 10'000; ++i)
    tasks.push_back({.id = std::to_string(i), .after = {std::to_string(i - 1)}});
  Planning it(make_workflow(tasks));
  it.submit().fail("0");
  CHECK(it.state.unfinished == 0);
  CHECK(it.count(Kind::task_final) == 10'000);
  CHECK(it.state.tasks.back().skipped_by_failure);
  CHECK(it.state.status == WorkflowStatus::failed);
}
