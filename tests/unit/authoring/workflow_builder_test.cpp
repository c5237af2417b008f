#include <chrono>
#include <functional>

#include <cloacina/detail/sentences.hpp>
#include <cloacina/task.hpp>
#include <cloacina/task_namespace.hpp>
#include <cloacina/workflow_builder.hpp>

#include "keys.hpp"
#include "support/catch.hpp"
#include "task_run_fixture.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

void nothing(TaskContext<>&) {}

CLOACINA_TASK(from_symbol, .reads = {order_id}, .writes = {total}) {
  context.put(total, static_cast<double>(context.get(order_id)));
}

std::string problem_of(WorkflowBuilder const& builder) {
  try {
    static_cast<void>(builder.build());
  } catch (ValidationError const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a builder makes what it was told", "[authoring][builder]") {
  auto const workflow = WorkflowBuilder{"import"}
                            .description("loads")
                            .tag("team", "data")
                            .tag("team", "billing")
                            .version(3)
                            .timeout(1min)
                            .input(order_id)
                            .input("raw")
                            .task("last", {"middle"}, nothing)
                            .task("middle",
                                  {.after = {"first", "first"},
                                   .reads = {order_id, "raw"},
                                   .writes = {total, optional(note), "text"},
                                   .retry = {.max_attempts = 2},
                                   .timeout = 3s,
                                   .trigger_rule = when::task_success("first"),
                                   .priority = 7,
                                   .version = 5,
                                   .description = "works",
                                   .body_hash = "abc"},
                                  nothing)
                            .task("first", nothing)
                            .build();
  CHECK(workflow.name() == "import");
  CHECK(workflow.description() == "loads");
  CHECK(workflow.tags() == std::vector<std::pair<std::string, std::string>>{{"team", "billing"}});
  CHECK(workflow.data().declared_version == 3);
  CHECK(workflow.data().timeout == 1min);
  CHECK(workflow.tasks() == std::vector<std::string>{"last", "middle", "first"});
  auto const& middle = workflow.task("middle");
  CHECK(middle.dependencies == std::vector<std::string>{"first"});
  CHECK(middle.writes == std::vector<KeyUse>{total, optional(note), "text"});
  CHECK(middle.retry.max_attempts == 2);
  CHECK(middle.body_hash == "abc");
  CHECK(middle.trigger_rule.tasks() == std::vector<std::string>{"first"});
}

TEST_CASE("a builder's bodies run, synchronous ones and coroutines", "[authoring][builder]") {
  int calls = 0;
  auto const workflow =
      WorkflowBuilder{"bodies"}
          .input(order_id)
          .task("plain", [&calls](TaskContext<>& context) { context.put("calls", ++calls); })
          .task("coroutine", {}, [](TaskContext<>&) -> asio::awaitable<void> { co_return; })
          .task(from_symbol)
          .build();
  Attempt attempt{Context{{"order_id", 42}}};
  workflow.task("plain").body->run(attempt.run);
  workflow.task("from_symbol").body->run(attempt.run);
  CHECK(attempt.run.delta.to_json() == R"({"set":{"calls":1,"total":42.0}})");
  CHECK(workflow.task("coroutine").body->co_run);
}

TEST_CASE("a builder's texts may be temporary", "[authoring][builder]") {
  auto const workflow = [] {
    std::string const pattern = "a pattern that is longer than any small string";
    return WorkflowBuilder{"texts"}
        .task("a", {.retry = {.condition = RetryCondition::error_pattern(pattern)}}, nothing)
        .build();
  }();
  REQUIRE(workflow.task("a").retry.condition.patterns.size() == 1);
  CHECK(workflow.task("a").retry.condition.patterns[0] ==
        "a pattern that is longer than any small string");
}

TEST_CASE("a builder may be used on after it has built", "[authoring][builder]") {
  WorkflowBuilder builder{"twice"};
  auto const one = builder.task("a", nothing).build();
  auto const two = builder.task("b", {"a"}, nothing).build();
  CHECK(one.tasks().size() == 1);
  CHECK(two.tasks().size() == 2);
}

TEST_CASE("the builder knows the compiler's rules by the compiler's words",
          "[authoring][builder]") {
  auto built = [] { return WorkflowBuilder{"wrong"}; };
  namespace w = when;

  CHECK_THAT(problem_of(built()), Contains(CLOACINA_DETAIL_SAY_NO_TASKS));
  CHECK_THAT(problem_of(built().task("a", nothing).task("a", nothing)),
             Contains(CLOACINA_DETAIL_SAY_LISTED_TWICE) && Contains("'a'"));
  CHECK_THAT(problem_of(built().task("load", nothing).task("b", {"laod"}, nothing)),
             Contains(CLOACINA_DETAIL_SAY_UNKNOWN_DEPENDENCY) &&
                 Contains("task 'b' comes after 'laod'") && Contains("did you mean 'load'"));
  CHECK_THAT(
      problem_of(
          built().task("a", {"c"}, nothing).task("b", {"a"}, nothing).task("c", {"b"}, nothing)),
      Contains(CLOACINA_DETAIL_SAY_CYCLE) && Contains("waits for"));
  CHECK_THAT(problem_of(built().task("a", {"a"}, nothing)),
             Contains(CLOACINA_DETAIL_SAY_CYCLE) && Contains("'a' waits for 'a'"));
  CHECK_THAT(problem_of(built().task("a", {.retry = {.max_attempts = 2}, .execution = at_most_once},
                                     nothing)),
             Contains(CLOACINA_DETAIL_SAY_RETRIED_AT_MOST_ONCE) && Contains("'a'"));
  CHECK_THAT(
      problem_of(
          built().task("a", nothing).task("b", {.trigger_rule = w::task_failed("a")}, nothing)),
      Contains(CLOACINA_DETAIL_SAY_RULE_NOT_UPSTREAM) &&
          Contains("the rule of task 'b' names 'a'"));
  CHECK_THAT(problem_of(built().task("a", {.trigger_rule = w::task_failed("a")}, nothing)),
             Contains(CLOACINA_DETAIL_SAY_RULE_NOT_UPSTREAM));
  CHECK_THAT(problem_of(built().task("a", {.reads = {total}}, nothing)),
             Contains(CLOACINA_DETAIL_SAY_MISSING_INPUT) && Contains("task 'a' reads key 'total'"));
  CHECK_THAT(problem_of(built()
                            .task("a", {.writes = {KeyUse{"total", 1}}}, nothing)
                            .task("b", {.after = {"a"}, .reads = {total}}, nothing)),
             Contains(CLOACINA_DETAIL_SAY_KEY_TYPE_CONFLICT) &&
                 Contains("key 'total' by task 'a' and by task 'b'"));
  CHECK_THAT(
      problem_of(
          built().task("a", {.writes = {total}}, nothing).task("b", {.writes = {total}}, nothing)),
      Contains(CLOACINA_DETAIL_SAY_WRITE_CONFLICT) &&
          Contains("tasks 'a' and 'b' write key 'total'"));
}

TEST_CASE("a key without a type fits every type", "[authoring][builder]") {
  CHECK_NOTHROW(WorkflowBuilder{"untyped"}
                    .task("a", {.writes = {"total"}}, nothing)
                    .task("b", {.after = {"a"}, .reads = {total}}, nothing)
                    .build());
}

TEST_CASE("branches may write one key when every place where they meet merges it",
          "[authoring][builder]") {
  auto branches = [] {
    WorkflowBuilder builder{"branches"};
    builder.task("start", {.writes = {total}}, nothing)
        .task("left", {.after = {"start"}, .writes = {total}}, nothing)
        .task("right", {.after = {"start"}, .writes = {total}}, nothing);
    return builder;
  };
  CHECK(
      problem_of(branches().task("join", {.after = {"left", "right"}, .merges = {total}}, nothing))
          .empty());
  CHECK(problem_of(
            branches()
                .task("join", {.after = {"left", "right", "start"}, .merges = {total}}, nothing)
                .task("after", {.after = {"left", "join"}}, nothing))
            .empty());
  CHECK(problem_of(branches()
                       .task("join", {.after = {"left", "right"}, .merges = {total}}, nothing)
                       .task("other", {.after = {"left", "right"}, .merges = {total}}, nothing))
            .empty());
  CHECK_FALSE(problem_of(branches().task("join", {.after = {"left", "right"}}, nothing)).empty());
  CHECK_FALSE(
      problem_of(branches().task("join", {.after = {"left", "right"}, .writes = {total}}, nothing))
          .empty());
  CHECK_FALSE(problem_of(branches()
                             .task("join", {.after = {"left", "right"}, .merges = {total}}, nothing)
                             .task("other", {.after = {"left", "right"}}, nothing))
                  .empty());
  CHECK_FALSE(
      problem_of(branches().task("join", {.after = {"left", "right"}, .merges = {note}}, nothing))
          .empty());
}

TEST_CASE("names, options and limits are checked too", "[authoring][builder]") {
  auto one = [](TaskSettings settings) {
    return problem_of(std::move(WorkflowBuilder{"one"}.task("a", std::move(settings), nothing)));
  };

  CHECK_THAT(problem_of(WorkflowBuilder{""}.task("a", nothing)), Contains("invalid workflow name"));
  for (auto const& id :
       {std::string{}, std::string{"a::b"}, std::string{"a\nb"}, std::string{"\xff"},
        std::string(256, 'a'), std::string{":a"}, std::string{"a:"}})
    CHECK_THAT(problem_of(WorkflowBuilder{"ids"}.task(id, nothing)), Contains("invalid task id"));
  CHECK(problem_of(
            WorkflowBuilder{"ids"}.task(std::string(255, 'a'), nothing).task("naïve – 例", nothing))
            .empty());
  constexpr std::chrono::milliseconds longest = 100 * 8760h;
  for (auto const timeout : {-1ms, longest + 1ms, std::chrono::milliseconds::max()}) {
    auto const value = std::to_string(timeout.count()) + "ms";
    CHECK_THAT(one({.timeout = timeout}), Contains(CLOACINA_DETAIL_SAY_DURATION_OUT_OF_RANGE) &&
                                              Contains("the timeout of task 'a' is " + value));
    CHECK_THAT(problem_of(WorkflowBuilder{"t"}.timeout(timeout).task("a", nothing)),
               Contains(CLOACINA_DETAIL_SAY_DURATION_OUT_OF_RANGE) &&
                   Contains("the timeout of the workflow is " + value));
    CHECK_THAT(one({.retry = {.initial_delay = timeout, .max_delay = timeout}}),
               Contains("retry policy of task 'a': initial_delay is " + value +
                        "; expected 0ms to 100 years"));
  }
  CHECK(
      one({.retry = {.initial_delay = longest, .max_delay = longest}, .timeout = longest}).empty());
  CHECK_THAT(one({.retry = {.max_attempts = 1001, .max_delay = 1ms}}),
             Contains("max_attempts") && Contains("max_delay"));
  CHECK_THAT(one({.retry = {.condition = RetryCondition::error_pattern("good", "\xff")}}),
             Contains("retry policy of task 'a'") && Contains("pattern that is not UTF-8"));
  CHECK_THAT(one({.body_hash = "\xff"}), Contains("body hash that is not UTF-8: task 'a'"));
  CHECK_THAT(one({.writes = {"k", "k"}}), Contains("duplicate key: 'k'"));
  CHECK_THAT(one({.reads = {""}}), Contains("invalid key"));
  CHECK_THAT(problem_of(WorkflowBuilder{"t"}.tag("", "x").task("a", nothing)),
             Contains("invalid tag"));
}

TEST_CASE("what a workflow may be called may stand in a task namespace, and nothing else",
          "[authoring][builder]") {
  for (auto const& name : {"a b", "naïve – 例", "a:b", ":a", "a:", "a::b", "a\tb", "\xff", ""}) {
    CAPTURE(name);
    bool const is_name = problem_of(WorkflowBuilder{name}.task("a", nothing)).empty();
    CHECK(is_name == problem_of(WorkflowBuilder{"w"}.task(name, nothing)).empty());
    if (is_name)
      CHECK(TaskNamespace::parse(TaskNamespace{name, name}.to_string()).workflow() == name);
    else
      CHECK_THROWS_AS(TaskNamespace(name, "a"), ValidationError);
  }
}

TEST_CASE("an empty function is no body, and a number no execution mode", "[authoring][builder]") {
  std::function<void(TaskContext<>&)> const empty;
  void (*const null)(TaskContext<>&) = nullptr;
  for (auto const& body : {TaskFunction{empty}, TaskFunction{null}})
    CHECK_THAT(problem_of(WorkflowBuilder{"w"}.task("a", body)),
               Contains("task without a body: task 'a'"));
  CHECK_THAT(
      problem_of(WorkflowBuilder{"w"}.task("a", {.execution = ExecutionMode(77)}, nothing)),
      Contains("unknown execution mode 77: expected at_least_once or at_most_once; task 'a'"));
}

TEST_CASE("every violation stands in one error", "[authoring][builder]") {
  auto const problem =
      problem_of(WorkflowBuilder{"wrong"}
                     .task("a", {.reads = {order_id}, .writes = {total}}, nothing)
                     .task("b", {.reads = {note}, .writes = {total}, .timeout = -1s}, nothing)
                     .task("c", {.trigger_rule = when::task_failed("a")}, nothing));
  CHECK_THAT(problem, Contains("workflow 'wrong'"));
  CHECK_THAT(problem, Contains("reads key 'order_id'"));
  CHECK_THAT(problem, Contains("reads key 'note'"));
  CHECK_THAT(problem, Contains(CLOACINA_DETAIL_SAY_WRITE_CONFLICT));
  CHECK_THAT(problem, Contains("timeout of task 'b'"));
  CHECK_THAT(problem, Contains(CLOACINA_DETAIL_SAY_RULE_NOT_UPSTREAM));
}

TEST_CASE("a wrong graph is not blamed on keys", "[authoring][builder]") {
  auto const problem = problem_of(WorkflowBuilder{"wrong"}
                                      .task("a", {.writes = {total}}, nothing)
                                      .task("b", {.after = {"aa"}, .reads = {total}}, nothing));
  CHECK_THAT(problem, Contains(CLOACINA_DETAIL_SAY_UNKNOWN_DEPENDENCY));
  CHECK_THAT(problem, !Contains(CLOACINA_DETAIL_SAY_MISSING_INPUT));
}

TEST_CASE("a workflow takes 65 535 tasks", "[authoring][builder]") {
  WorkflowBuilder builder{"many"};
  for (int i = 0; i < 65'535; ++i) builder.task("t" + std::to_string(i), nothing);
  CHECK(builder.build().tasks().size() == 65'535);
  CHECK_THAT(problem_of(builder.task("one more", nothing)),
             Contains("too many tasks") && Contains("65536"));
}
