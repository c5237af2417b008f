// What tasks hand on, what they must write, and what they may read.
#include <cloacina/cloacina.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace handing {
CLOACINA_KEY(given, int);
CLOACINA_KEY(number, int);
CLOACINA_KEY(note, std::string);

CLOACINA_TASK(forgetful, .reads = {given}, .writes = {number}) {
  if (context.get(given) > 0) context.put(number, context.get(given));
}
CLOACINA_WORKFLOW(forgets, .inputs = {given}, .tasks = {forgetful});

CLOACINA_TASK(sometimes, .reads = {given}, .writes = {optional(note)}) {
  if (context.get(given) > 0) context.put(note, "there");
}
CLOACINA_TASK(reader, .after = {sometimes}, .reads = {note}, .writes = {number}) {
  context.put(number, static_cast<int>(context.get(note).size()));
}
CLOACINA_WORKFLOW(reads, .inputs = {given}, .tasks = {sometimes, reader});

CLOACINA_TASK(perhaps, .reads = {given}, .writes = {number},
              .trigger_rule = when::context_value(given, when::greater_than, 0)) {
  context.put(number, 1);
}
CLOACINA_TASK(asks, .after = {perhaps}, .reads = {number}, .writes = {note}) {
  context.put(note, std::to_string(context.get(number)));
}
CLOACINA_WORKFLOW(skips, .inputs = {given}, .tasks = {perhaps, asks});
}  // namespace handing

TEST_CASE("a declared write that is not made fails the task, once, and says which", "[context]") {
  TestDatabase database;
  DefaultRunner runner{database.url()};
  CHECK(runner.execute(handing::forgets(handing::given = 1)).get(handing::number) == 1);
  auto const result = runner.execute(handing::forgets(handing::given = 0));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.error(), Catch::Contains("number") && Catch::Contains("optional"));
  CHECK(result.task("forgetful").attempts == 1);
}

TEST_CASE("reading what an optional writer left out says so", "[context]") {
  TestDatabase database;
  DefaultRunner runner{database.url()};
  CHECK(runner.execute(handing::reads(handing::given = 1)).get(handing::number) == 5);
  auto const result = runner.execute(handing::reads(handing::given = 0));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.task("reader").error, Catch::Contains("note") && Catch::Contains("sometimes"));
}

TEST_CASE("reading what a skipped writer would have written names the writer and its state",
          "[context]") {
  TestDatabase database;
  DefaultRunner runner{database.url()};
  CHECK(runner.execute(handing::skips(handing::given = 1)).get(handing::note) == "1");
  auto const result = runner.execute(handing::skips(handing::given = 0));
  CHECK(result.task("perhaps").status == TaskStatus::skipped);
  CHECK(result.task("asks").status == TaskStatus::failed);
  CHECK_THAT(result.task("asks").error,
             Catch::Contains("number") && Catch::Contains("perhaps") && Catch::Contains("Skipped"));
}

TEST_CASE("changes of failed attempts are not kept, and each attempt begins with what was given",
          "[context]") {
  TestDatabase database;
  auto const body = [](TaskContext<>& context) {
    auto const n = context.get_as<int>("n");
    context.put("n", n + 1);
    context.put("attempt_" + std::to_string(context.attempt()), true);
    if (context.attempt() < 3) throw TransientError{"again"};
  };
  auto runner = start(database.url(), {one_task("work", body, {.retry = {.initial_delay = 0ms}})});
  auto const result = wait(runner.submit("work", Context{{"n", 1}}));
  CHECK(result.context() == Context{{"n", 2}, {"attempt_3", true}});
}

TEST_CASE("a context that is too large fails its task", "[context]") {
  TestDatabase database;
  auto const body = [](TaskContext<>& context) {
    context.put("small", std::string(100, 'x'));
    context.put("big", std::string(3'000, 'x'));
    context.put("last", 1);
  };
  auto runner = start(database.url(), {one_task("work", body)}, {.max_context_bytes = 2'048});
  auto const result = wait(runner.submit("work", {}));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.error(), Catch::Contains("at most 2048") &&
                                 Catch::Contains("max_context_bytes") &&
                                 Catch::Contains("key 'big', 3002 bytes"));
  CHECK(result.task("only").attempts == 1);
}

TEST_CASE("the limit is one of inputs and of what one task writes, not of their sum", "[context]") {
  TestDatabase database;
  auto const writing = [](std::string const& key) {
    return [key](TaskContext<>& context) { context.put(key, std::string(900, 'x')); };
  };
  auto const workflow =
      WorkflowBuilder{"grow"}.task("a", writing("a")).task("b", {"a"}, writing("b")).build();
  auto runner = start(database.url(), {workflow}, {.max_context_bytes = 1'024});
  auto const result = wait(runner.submit("grow", Context{{"in", std::string(900, 'x')}}));
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.context().to_json().size() > 2'700);
}

TEST_CASE("a value that cannot be stored is refused where it is put", "[context]") {
  TestDatabase database;
  auto const body = [](TaskContext<>& context) {
    CHECK_THROWS_AS(context.put("nan", std::numeric_limits<double>::quiet_NaN()), ValidationError);
    CHECK_THROWS_AS(context.put("bytes", "\xff\xfe"), ValidationError);
    context.put("good", 1);
  };
  auto runner = start(database.url(), {one_task("work", body)});
  auto const result = wait(runner.submit("work", {}));
  CHECK(result.context() == Context{{"good", 1}});
}

TEST_CASE("an at-most-once task runs once and is retried by nobody", "[at_most_once]") {
  TestDatabase database;
  std::atomic<int> runs{0};
  auto const body = [&](TaskContext<>&) {
    ++runs;
    throw TransientError{"worth a retry"};
  };
  auto runner = start(database.url(), {one_task("work", body, {.execution = at_most_once})});
  auto const result = wait(runner.submit("work", {}));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK(result.task("only").attempts == 1);
  CHECK(runs == 1);
}

TEST_CASE("an at-most-once task that a shutdown cut off is Failed, and does not run again",
          "[at_most_once][shutdown]") {
  TestDatabase database;
  auto gate = std::make_shared<Gate>();
  auto const runs = std::make_shared<std::atomic<int>>(0);
  auto const workflow = one_task("work",
                                 [gate, runs](TaskContext<>&) {
                                   ++*runs;
                                   gate->pass();
                                 },
                                 {.execution = at_most_once});
  ExecutionId id;
  {
    auto runner = start(database.url(), {workflow});
    id = runner.submit("work", {}).id();
    gate->wait_for_arrivals(1);
    runner.shutdown(0ms);
  }
  auto runner = start(database.url(), {workflow}, {.scheduler_poll_interval = 10ms});
  auto const result = wait(runner.handle(id));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.task("only").error, Catch::Contains("outcome unknown"));
  CHECK(*runs == 1);
  gate->open();
}

TEST_CASE("identities are the same over attempts and restarts", "[context]") {
  TestDatabase database;
  Log log;
  auto const body = [&](TaskContext<>& context) {
    log.add(context.idempotency_key());
    if (context.attempt() == 1) throw TransientError{"once more"};
  };
  auto runner = start(database.url(), {one_task("work", body, {.retry = {.initial_delay = 0ms}})});
  auto const handle = runner.submit("work", {});
  (void)wait(handle);
  auto const expected = handle.id().to_string() + "/only";
  CHECK(log.lines() == std::vector<std::string>{expected, expected});
}
