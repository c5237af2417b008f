#include <cloacina/workflow_builder.hpp>

#include "keys.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

void nothing(TaskContext<>&) {}

Workflow sample() {
  return WorkflowBuilder{"stored"}
      .description("with \"quotes\" and é")
      .tag("team", "data")
      .tag("a", "b")
      .version(7)
      .timeout(90s)
      .input("raw")
      .task("last",
            {.after = {"right", "left"},
             .reads = {"raw", "k"},
             .writes = {"out", KeyUse{"maybe", 0, true}},
             .merges = {"k"},
             .retry = {.max_attempts = 4,
                       .initial_delay = 250ms,
                       .max_delay = 5s,
                       .backoff = Backoff::linear,
                       .factor = 1.5,
                       .multiplier = 0.25,
                       .jitter = false,
                       .condition = RetryCondition::error_pattern("busy", "locked")},
             .timeout = 0ms,
             .trigger_rule = when::all(when::task_success("left"),
                                       when::context_value("k", when::greater_than, 0.1)),
             .priority = -5,
             .version = 2,
             .description = "joins",
             .body_hash = "cafe"},
            nothing)
      .task("left", {.writes = {"k"}, .execution = at_most_once}, nothing)
      .task("right", {.writes = {"k"}}, nothing)
      .build();
}

std::string problem_of(std::string_view text) {
  try {
    static_cast<void>(Workflow::from_json(text));
  } catch (ValidationError const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a workflow comes back from its JSON as it was, without bodies", "[authoring][json]") {
  auto const before = sample();
  auto const after = Workflow::from_json(before.to_json());
  CHECK(after.to_json() == before.to_json());
  CHECK(after.version() == before.version());
  CHECK(after.tasks() == before.tasks());
  CHECK(after.tags() == before.tags());
  CHECK(after.data().timeout == 90s);
  CHECK(Workflow::compare(before, after).empty());

  auto const& task = after.task("last");
  CHECK(task.dependencies == std::vector<std::string>{"right", "left"});
  CHECK(task.timeout == 0ms);
  CHECK(task.writes == std::vector<KeyUse>{"out", KeyUse{"maybe", 0, true}});
  CHECK(task.retry.condition.on == RetryOn::error_pattern);
  CHECK(task.retry.condition.patterns[1] == "locked");
  CHECK(task.retry.backoff == Backoff::linear);
  CHECK(task.retry.multiplier == 0.25);
  CHECK_FALSE(task.retry.jitter);
  CHECK(task.priority == -5);
  CHECK_FALSE(task.body);
  CHECK(after.task("left").execution == at_most_once);
  CHECK_NOTHROW(after.validate());
}

TEST_CASE("what is left out of a stored workflow has its default", "[authoring][json]") {
  auto const workflow = Workflow::from_json(R"({"name":"n","tasks":[{"id":"a"}]})");
  CHECK(workflow.tasks() == std::vector<std::string>{"a"});
  CHECK(workflow.task("a").retry.max_attempts == 3);
}

TEST_CASE("hostile JSON is refused with the place of what is wrong", "[authoring][json]") {
  auto const [text, expected] = GENERATE(table<std::string, std::string>({
      {"", "stored workflow"},
      {"[]", "must be an object"},
      {R"({"name":3,"tasks":[{"id":"a"}]})", "name must be text"},
      {R"({"name":"n","tasks":{}})", "tasks must be a list"},
      {R"({"name":"n","tasks":[3]})", "task number 1"},
      {R"({"name":"n","tasks":[]})", "empty workflow"},
      {R"({"name":"n","tags":{"a":1},"tasks":[{"id":"a"}]})", "tags must hold text"},
      {R"({"name":"n","tasks":[{"id":"a","dependencies":[1]}]})", "dependencies must hold text"},
      {R"({"name":"n","tasks":[{"id":"a","dependencies":["b"]}]})", "unknown dependency"},
      {R"({"name":"n","tasks":[{"id":"a","priority":40000}]})",
       "priority must be an integer from -32768 to 32767"},
      {R"({"name":"n","tasks":[{"id":"a","priority":1.5}]})", "priority must be an integer"},
      {R"({"name":"n","tasks":[{"id":"a","version":-1}]})", "version must be an integer from 0"},
      {R"({"name":"n","tasks":[{"id":"a","retry":[]}]})", "task number 1, retry"},
      {R"({"name":"n","tasks":[{"id":"a","retry":{"jitter":1}}]})", "jitter must be true or false"},
      {R"({"name":"n","tasks":[{"id":"a","retry":{"backoff":"never"}}]})", "exponential"},
      {R"({"name":"n","tasks":[{"id":"a","retry":{"max_attempts":5000}}]})", "max_attempts"},
      {R"({"name":"n","tasks":[{"id":"a","execution":"twice"}]})", "at_most_once"},
      {R"({"name":"n","tasks":[{"id":"a","reads":["k"]}]})", "reads"},
      {R"({"name":"n","tasks":[{"id":"a","timeout_ms":-3}]})", "timeout of task 'a'"},
      {R"({"name":"n","tasks":[{"id":"a","retry":{"condition":{"patterns":["1","2","3","4","5","6","7","8","9","10",)"
       R"("11","12","13","14","15","16","17"]}}}]})",
       "too many patterns"},
  }));
  CAPTURE(text);
  CHECK_THAT(problem_of(text), Contains(expected));
}

TEST_CASE("two workflows are compared task by task", "[authoring][compare]") {
  auto const before = WorkflowBuilder{"w"}
                          .task("load", nothing)
                          .task("clean", {"load"}, nothing)
                          .task("report", {.after = {"clean"}, .version = 1}, nothing)
                          .build();
  auto const after =
      WorkflowBuilder{"w"}
          .tag("a", "b")
          .task("load", {.writes = {"rows"}}, nothing)
          .task(
              "report",
              {.after = {"load"}, .reads = {"rows"}, .trigger_rule = when::always(), .version = 2},
              nothing)
          .task("audit", {"report"}, nothing)
          .build();
  CHECK(Workflow::compare(before, before).empty());
  CHECK(Workflow::compare(before, before).to_string() == "no difference");

  auto const difference = Workflow::compare(before, after);
  CHECK(difference.added == std::vector<std::string>{"audit"});
  CHECK(difference.removed == std::vector<std::string>{"clean"});
  CHECK(difference.changed ==
        std::vector<std::string>{
            "workflow: its tags are others", "task 'load': writes 'rows' now",
            "task 'report': depends on 'load' now", "task 'report': depends on 'clean' no longer",
            "task 'report': reads 'rows' now",
            R"(task 'report': its rule was '{"type":"NoneFailed"}' and is '{"type":"Always"}')",
            "task 'report': its version was '1' and is '2'"});
  CHECK_THAT(difference.to_string(),
             Contains("task 'audit' was added; task 'clean' was removed; workflow: its tags"));
}

TEST_CASE("versions differ exactly where workflows do", "[authoring][compare]") {
  auto with = [](TaskSettings settings) {
    settings.after.push_back("a");
    WorkflowBuilder builder{"w"};
    return builder.input("in")
        .task("a", {.writes = {"k"}}, nothing)
        .task("b", std::move(settings), nothing)
        .build();
  };
  auto const plain = with({});
  CHECK(with({.timeout = 5s}).version() == plain.version());
  CHECK(with({.retry = {.max_attempts = 9}}).version() == plain.version());
  CHECK(with({.priority = 3, .description = "words"}).version() == plain.version());
  CHECK(with({.reads = {"k", "in"}}).version() == with({.reads = {"in", "k"}}).version());
  for (auto const& other :
       {with({.reads = {"k"}}), with({.writes = {"k"}}), with({.version = 2}),
        with({.body_hash = "x"}), with({.trigger_rule = when::task_success("a")})}) {
    CHECK(other.version() != plain.version());
    CHECK_FALSE(Workflow::compare(plain, other).empty());
  }
}
