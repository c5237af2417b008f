#include "planning.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::engine;
using namespace cloacina::engine::test;
using namespace std::chrono_literals;
using Kind = Action::Kind;

TEST_CASE("a success is written, told and handed on", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b", .after = {"a"}}}),
              Context{{"in", 1}, {"old", 2}});
  it.submit();
  it.now += 5s;
  it.succeed("a", Context{{"out", 3}}, {"old"});
  CHECK(it.actions ==
        std::vector<Action>{{Kind::write_task, 0}, {Kind::task_final, 0}, {Kind::start_task, 1}});
  CHECK(it.status("a") == TaskStatus::completed);
  CHECK(it.task("a").completed_at == it.now);
  CHECK(it.task("a").delta_text == R"({"set":{"out":3},"removed":["old"]})");
  CHECK(it.given("b") == R"({"in":1,"out":3})");
}

TEST_CASE("an event of another attempt, or of a task that does not run, changes nothing",
          "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .max_attempts = 2}, {.id = "b", .after = {"a"}}}));
  it.submit();
  auto const a = it.index("a"), b = it.index("b");
  CHECK(it.send(TaskSucceeded{a, 2, {}, "{}"}).actions.empty());
  CHECK(it.send(TaskFailed{a, 2, "late", true}).actions.empty());
  CHECK(it.send(TaskSucceeded{b, 1, {}, "{}"}).actions.empty());
  CHECK(it.send(TaskFailed{b, 1, "late", true}).actions.empty());
  CHECK(it.send(TaskSucceeded{7, 1, {}, "{}"}).actions.empty());
  it.fail("a");
  CHECK(it.send(TaskSucceeded{a, 1, {}, "{}"}).actions.empty());
  CHECK(it.status("a") == TaskStatus::ready);
}

TEST_CASE("a failed attempt is followed by others as long as the policy allows", "[engine][plan]") {
  struct Row {
    std::uint32_t max_attempts;
    ExecutionMode mode;
    bool retryable;
    std::uint32_t expected;  // attempts in all
  };
  auto const always = ExecutionMode::at_least_once, once = ExecutionMode::at_most_once;
  auto const row = GENERATE_COPY(values<Row>({
      {0, always, true, 1},
      {1, always, true, 1},
      {2, always, true, 2},
      {5, always, true, 5},
      {5, always, false, 1},
      {1, once, true, 1},
  }));
  CAPTURE(row.max_attempts, row.retryable);
  Planning it(
      make_workflow({{.id = "a", .max_attempts = row.max_attempts, .execution = row.mode}}));
  it.submit();
  for (int guard = 0; it.status("a") == TaskStatus::running && guard < 10; ++guard) {
    it.fail("a", "broken", row.retryable).wait(1s);
  }
  CHECK(it.status("a") == TaskStatus::failed);
  CHECK(it.task("a").attempt == row.expected);
  REQUIRE(it.state.ended_attempts.size() == row.expected);
  CHECK(it.state.ended_attempts.back().attempt == row.expected);
}

TEST_CASE("a failed attempt is one write, and then a wait", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .max_attempts = 3, .retry_delay = 2s}}));
  it.submit();
  it.now += 1s;
  it.fail("a", "no route");
  CHECK(it.actions == std::vector<Action>{{Kind::write_task, 0}});
  CHECK(it.status("a") == TaskStatus::ready);
  CHECK(it.task("a").attempt == 2);
  CHECK(it.task("a").error == "no route");
  CHECK(it.task("a").wake_at == it.now + 2s);
  CHECK(next_due(it.state) == it.now + 2s);

  REQUIRE(it.state.ended_attempts.size() == 1);
  auto const& ended = it.state.ended_attempts.front();
  CHECK(ended.attempt == 1);
  CHECK(ended.status == TaskStatus::failed);
  CHECK(ended.error == "no route");
  CHECK(ended.started_at == Planning::start);
  CHECK(ended.ended_at == it.now);

  CHECK(it.wait(1999ms).actions.empty());
  CHECK(it.wait(1ms).started() == Ids{"a"});
  CHECK_FALSE(it.task("a").wake_at);
  CHECK(next_due(it.state) == it.state.deadline);

  it.succeed("a");
  CHECK(it.state.status == WorkflowStatus::completed);
  CHECK(it.task("a").error == "no route");
}

TEST_CASE("without a delay the next attempt starts after the same commit", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .max_attempts = 2, .retry_delay = 0ms}}));
  it.submit().fail("a");
  CHECK(it.actions == std::vector<Action>{{Kind::write_task, 0}, {Kind::start_task, 0}});
  CHECK(it.task("a").attempt == 2);
}

TEST_CASE("jitter comes from the settings' random number", "[engine][plan]") {
  auto workflow = std::make_shared<detail::WorkflowData>(
      *make_workflow({{.id = "a", .max_attempts = 2, .retry_delay = 1000ms}}));
  workflow->tasks[0].retry.jitter = true;
  Planning it(workflow);
  it.settings.random = [] { return 0.0; };
  it.submit().fail("a");
  CHECK(it.task("a").wake_at == it.now + 750ms);
}

TEST_CASE("waits end in the order of their times", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a", .max_attempts = 2, .retry_delay = 3s},
                             {.id = "b", .max_attempts = 2, .retry_delay = 1s},
                             {.id = "c", .max_attempts = 2, .retry_delay = 2s}}));
  it.submit().fail("a").fail("b").fail("c");
  CHECK(next_due(it.state) == it.now + 1s);
  CHECK(it.wait(1s).started() == Ids{"b"});
  CHECK(next_due(it.state) == Planning::start + 2s);
  CHECK(it.wait(2s).started() == Ids{"c", "a"});
}

TEST_CASE("a failure skips what depends on it, and so on down", "[engine][plan]") {
  Planning it(make_workflow(
      {{.id = "a"}, {.id = "b", .after = {"a"}}, {.id = "c", .after = {"b"}}, {.id = "free"}}));
  it.submit().fail("a");
  CHECK(it.status("a") == TaskStatus::failed);
  CHECK(it.task("a").error == "broken");
  CHECK(it.status("b") == TaskStatus::skipped);
  CHECK(it.task("b").skipped_by_failure);
  CHECK(it.task("b").skip_reason == "upstream_failed: a");
  CHECK(it.status("c") == TaskStatus::skipped);
  CHECK(it.task("c").skipped_by_failure);
  CHECK(it.final() == Ids{"a", "b", "c"});
  CHECK(it.written() == Ids{"a", "b", "c"});
  CHECK(it.status("free") == TaskStatus::running);
  CHECK(it.state.status == WorkflowStatus::running);
}

TEST_CASE("a rule decides over a dependency that failed", "[engine][plan]") {
  struct Row {
    TriggerRule rule;
    TaskStatus expected;
  };
  auto const row = GENERATE(values<Row>({
      {TriggerRule(), TaskStatus::skipped},
      {when::always(), TaskStatus::running},
      {when::task_failed("a"), TaskStatus::running},
      {when::task_success("a"), TaskStatus::skipped},
      {when::all(when::task_failed("a"), when::task_success("a")), TaskStatus::skipped},
      {when::none(when::task_success("a")), TaskStatus::running},
  }));
  CAPTURE(row.rule.to_json().dump());
  Planning it(make_workflow({{.id = "a"}, {.id = "b", .after = {"a"}, .rule = row.rule}}));
  it.submit().fail("a");
  CHECK(it.status("b") == row.expected);
  CHECK(it.task("b").skipped_by_failure == (row.rule.is_default()));
}

TEST_CASE("a rule may look further up than its dependencies", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"},
                             {.id = "b", .after = {"a"}, .rule = when::always()},
                             {.id = "c", .after = {"b"}, .rule = when::task_failed("a")}}));
  it.submit().fail("a").succeed("b");
  CHECK(it.status("c") == TaskStatus::running);
}

TEST_CASE("a rule looks at the context that its task would be given", "[engine][plan]") {
  Planning it(make_workflow(
      {{.id = "a"},
       {.id = "b", .after = {"a"}, .rule = when::context_value("n", when::greater_than, 5)}}));
  it.submit();
  SECTION("it holds") { CHECK(it.succeed("a", Context{{"n", 6}}).started() == Ids{"b"}); }
  SECTION("it does not") {
    it.succeed("a", Context{{"n", 5}});
    CHECK(it.status("b") == TaskStatus::skipped);
    CHECK_FALSE(it.task("b").skipped_by_failure);
  }
}

TEST_CASE("a failed task hands on what it was given", "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"},
                             {.id = "b", .after = {"a"}},
                             {.id = "c", .after = {"b"}, .rule = when::always()}}));
  it.submit().succeed("a", Context{{"k", 1}}).fail("b");
  CHECK(it.given("c") == R"({"k":1})");
}

TEST_CASE("contexts of concurrent tasks are merged for the task that joins them",
          "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"}, {.id = "b"}, {.id = "c", .after = {"a", "b"}}}),
              Context{{"all", {0}}});
  it.submit();
  it.succeed("b", Context{{"all", {0, 2}}, {"b", true}});
  it.succeed("a", Context{{"all", {0, 1}}});
  CHECK(it.task("c").context.values() == Context{{"all", {0, 1, 2}}, {"b", true}});
}

TEST_CASE(
    "contexts are let go once every dependent has taken them, unless a callback is shown them",
    "[engine][plan]") {
  Planning it(make_workflow({{.id = "a"},
                             {.id = "shown", .callback = true},
                             {.id = "b", .after = {"a"}},
                             {.id = "c", .after = {"a", "shown"}}}),
              Context{{"k", 1}});
  it.submit();
  it.succeed("a");
  CHECK(it.given("a") == R"({"k":1})");  // c has yet to come
  it.succeed("shown");
  CHECK(it.given("a") == "{}");
  CHECK(it.given("shown") == R"({"k":1})");
}
