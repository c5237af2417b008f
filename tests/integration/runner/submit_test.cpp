// Submitting, asking, and what is refused.
#include <cloacina/cloacina.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace order {
CLOACINA_KEY(order_id, int);
CLOACINA_KEY(total, double);
CLOACINA_TASK(price, .reads = {order_id}, .writes = {total}) {
  context.put(total, context.get(order_id) * 2.5);
}
CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id}, .tasks = {price});
}  // namespace order

namespace {

Workflow counting(std::atomic<int>& runs) {
  return one_task("count", [&](TaskContext<>& context) { context.put("run", ++runs); });
}

}  // namespace

TEST_CASE("a declared workflow runs from the global registry, and its result knows its keys",
          "[submit]") {
  TestDatabase database;
  DefaultRunner runner{database.url()};
  auto const result = runner.execute(order::order_pipeline(order::order_id = 42));
  CHECK(result.get(order::total) == 105.0);
  auto const handle = runner.submit(order::order_pipeline(order::order_id = 4));
  CHECK(wait(handle).get(order::total) == 10.0);
  auto const job = order::order_pipeline(order::order_id = 2);
  auto const handles = runner.submit_many(std::vector{job, job, job});
  REQUIRE(handles.size() == 3);
  for (auto const& one : handles) CHECK(wait(one).get(order::total) == 5.0);
  CHECK(wait(runner.execute_async(job)).get(order::total) == 5.0);
}

TEST_CASE("a failed run returns, and its value throws", "[submit]") {
  TestDatabase database;
  auto runner = start(database.url(),
                      {one_task("fail", [](TaskContext<>&) { throw PermanentError{"no luck"}; })});
  auto const result = runner.execute("fail", Context{{"in", 1}});
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.error(), Catch::Contains("task 'only' failed after 1 attempt: no luck"));
  CHECK_THROWS_AS(result.value(), ExecutionFailed);
  CHECK(result.context().get("in") == 1);
}

TEST_CASE("a workflow that does not exist is refused with the nearest names", "[submit]") {
  TestDatabase database;
  std::atomic<int> runs{0};
  auto runner = start(database.url(), {counting(runs)});
  try {
    (void)runner.submit("conut", {});
    FAIL("it was accepted");
  } catch (WorkflowNotFound const& error) {
    CHECK_THAT(error.what(), Catch::Contains("conut") && Catch::Contains("count"));
    CHECK(error.where() == "conut");
  }
  Client client{database.url(), registry_of({counting(runs)})};
  CHECK_THROWS_AS(client.submit("conut", {}), WorkflowNotFound);
  CHECK(runner.list().empty());
}

TEST_CASE("the name is checked also when nothing is submitted", "[submit]") {
  TestDatabase database;
  auto runner = start(database.url(), {one_task("known", [](TaskContext<>&) {})});
  CHECK(runner.submit_many("known", {}).empty());
  CHECK_THROWS_AS(runner.submit_many("unknown", {}), WorkflowNotFound);
  Client client{database.url(), registry_of({one_task("known", [](TaskContext<>&) {})})};
  CHECK(client.submit_many("known", {}).empty());
  CHECK_THROWS_AS(client.submit_many("unknown", {}), WorkflowNotFound);
}

TEST_CASE("a runner that was moved from may be shut down", "[submit][shutdown]") {
  TestDatabase database;
  auto runner = start(database.url(), {one_task("known", [](TaskContext<>&) {})});
  auto const other = std::move(runner);
  runner.shutdown();  // NOLINT(bugprone-use-after-move)
  CHECK(other.workflows().size() == 1);
}

TEST_CASE("inputs and options are checked before anything is stored", "[submit]") {
  TestDatabase database;
  auto const workflow =
      WorkflowBuilder{"needs"}.input("customer").task("only", [](TaskContext<>&) {}).build();
  auto runner = start(database.url(), {workflow}, {.max_context_bytes = 1'024});
  CHECK_THROWS_WITH(runner.submit("needs", {}), Catch::Contains("customer"));
  Context const good{{"customer", 1}};
  for (auto const start_after : {-1ms, 100 * 8760h + 1ms, std::chrono::milliseconds::max()})
    CHECK_THROWS_WITH(
        runner.submit("needs", good, {.start_after = start_after}),
        Catch::Contains("start_after is " + std::to_string(start_after.count()) + "ms") &&
            Catch::Contains("0ms to 100 years"));
  std::string const long_key(257, 'k');
  CHECK_THROWS_WITH(runner.submit("needs", good, {.idempotency_key = long_key}),
                    Catch::Contains("256"));
  CHECK_THROWS_AS(runner.submit("needs", good, {.idempotency_key = "\xff"}), ValidationError);
  Context const large{{"customer", std::string(2'000, 'x')}, {"also", std::string(20, 'x')}};
  CHECK_THROWS_AS(runner.submit("needs", large), ValidationError);
  CHECK_THROWS_WITH(runner.submit("needs", large),
                    Catch::Contains("the input of workflow 'needs'") &&
                        Catch::Contains("at most 1024") &&
                        Catch::Contains("key 'customer', 2002 bytes"));
  CHECK_THROWS_AS(runner.submit_many("needs", {good, good}, {.idempotency_key = "k"}),
                  ValidationError);
  CHECK(runner.list().empty());
  std::string const longest_key(256, 'k');
  CHECK(wait(runner.submit("needs", good, {.idempotency_key = longest_key})).status() ==
        WorkflowStatus::completed);
}

TEST_CASE("an idempotency key stands for its first execution, whatever its state",
          "[submit][idempotency]") {
  TestDatabase database;
  std::atomic<int> runs{0};
  Gate gate;
  auto const blocked = one_task("blocked", [&](TaskContext<>&) { gate.pass(); });
  auto runner = start(database.url(), {counting(runs), blocked});
  SubmitOptions const key{.idempotency_key = "order-42"};

  auto const first = runner.submit("count", Context{{"n", 1}}, key);
  CHECK(wait(first).context().get("run") == 1);
  auto const second = runner.submit("count", Context{{"n", 1}}, key);
  CHECK(second.id() == first.id());
  CHECK(wait(second).context().get("run") == 1);
  CHECK(runner.execute("count", Context{{"n", 1}}, key).id() == first.id());
  CHECK(runs == 1);

  CHECK_THROWS_WITH(runner.submit("count", Context{{"n", 2}}, key),
                    Catch::Contains("order-42") && Catch::Contains("another input"));

  auto const running = runner.submit("blocked", {}, key);  // the same key of another workflow
  CHECK(running.id() != first.id());
  gate.wait_for_arrivals(1);
  auto const twin = runner.submit("blocked", {}, key);
  CHECK(twin.id() == running.id());
  gate.open();
  CHECK(wait(twin).status() == WorkflowStatus::completed);
  CHECK(wait(running).status() == WorkflowStatus::completed);
}

TEST_CASE("one key from many threads is one execution", "[submit][idempotency]") {
  TestDatabase database;
  std::atomic<int> runs{0};
  auto runner = start(database.url(), {counting(runs)});
  auto other = start(database.url(), {counting(runs)});
  Client client{database.url(), registry_of({counting(runs)})};
  std::vector<ExecutionId> ids(30);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] {
      SubmitOptions const key{.idempotency_key = "one"};
      if (i % 3 == 0) ids[i] = runner.submit("count", {}, key).id();
      if (i % 3 == 1) ids[i] = other.submit("count", {}, key).id();
      if (i % 3 == 2) ids[i] = client.submit("count", {}, key);
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto const id : ids) CHECK(id == ids.front());
  CHECK(wait(runner.handle(ids.front())).status() == WorkflowStatus::completed);
  CHECK(runs == 1);
}

TEST_CASE("status, result and list say what is stored", "[ask]") {
  TestDatabase database;
  std::atomic<int> runs{0};
  auto const failing = one_task("fail", [](TaskContext<>&) { throw PermanentError{"no"}; });
  auto runner = start(database.url(), {counting(runs), failing});
  std::vector<ExecutionId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(runner.execute("count", {}).id());
  auto const failed = runner.execute("fail", {});
  auto const waiting =
      runner.submit("count", {}, {.idempotency_key = "later", .priority = 3, .start_after = 1h});

  CHECK(runner.status(ids[0]) == WorkflowStatus::completed);
  CHECK(runner.status(failed.id()) == WorkflowStatus::failed);
  CHECK(waiting.status() == WorkflowStatus::pending);
  CHECK(runner.result(ids[2]).context().get("run") == 3);
  CHECK(runner.result(failed.id()).error() == failed.error());
  CHECK_THROWS_WITH(runner.result(waiting.id()), Catch::Contains("Pending"));
  CHECK_THROWS_AS(runner.result(waiting.id()), StateError);
  auto const unknown = ExecutionId::parse("0192f0c1-0000-7000-8000-000000000000");
  CHECK_THROWS_AS(runner.status(unknown), ExecutionNotFound);
  CHECK_THROWS_AS(runner.result(unknown), ExecutionNotFound);
  CHECK_THROWS_AS(runner.handle(unknown), ExecutionNotFound);

  auto const all = runner.list();
  REQUIRE(all.size() == 7);
  CHECK(all[0].id == waiting.id());
  CHECK(all[0].idempotency_key == "later");
  CHECK(all[0].priority == 3);
  CHECK(all[0].start_after.has_value());
  CHECK(all[1].error == failed.error());
  CHECK(runner.list({.workflow = "fail"}).size() == 1);
  CHECK(runner.list({.status = WorkflowStatus::completed}).size() == 5);
  auto const page = runner.list({.workflow = "count", .limit = 3});
  REQUIRE(page.size() == 3);
  CHECK(runner.list({.workflow = "count", .limit = 3, .after = page.back().id}).size() == 3);
  CHECK_THROWS_AS(runner.list({.limit = 0}), ValidationError);
  CHECK_THROWS_AS(runner.list({.limit = 10'001}), ValidationError);
}

TEST_CASE("a text that the database could not take is refused with the name of its field",
          "[submit][ask]") {
  TestDatabase database;
  std::atomic<int> runs{0};
  auto runner = start(database.url(), {counting(runs)});
  Client client{database.url(), registry_of({counting(runs)})};
  for (auto const text : {std::string_view{"a\0b", 3}, std::string_view{"a\xff"}}) {
    auto const refused = [&](auto const& call, std::string const& field) {
      try {
        call();
        FAIL("it was accepted");
      } catch (ValidationError const& error) {
        CHECK(error.where() == field);
        CHECK_THAT(error.what(), Catch::Contains(field) && Catch::Contains("UTF-8 without NUL"));
      }
    };
    refused([&] { (void)runner.list({.workflow = text}); }, "workflow");
    refused([&] { (void)client.list({.workflow = text}); }, "workflow");
    refused([&] { (void)runner.submit("count", {}, {.idempotency_key = text}); },
            "idempotency_key");
    refused([&] { (void)client.submit("count", {}, {.idempotency_key = text}); },
            "idempotency_key");
    CHECK_THROWS_WITH(runner.submit(text, {}), Catch::Contains("'a�"));
    CHECK_THROWS_AS(client.submit(text, {}), WorkflowNotFound);
  }
  CHECK(runner.list().empty());
}

TEST_CASE("a result from the table is the one that the waiter got", "[ask]") {
  TestDatabase database;
  auto const workflow = WorkflowBuilder{"mixed"}
                            .task("good",
                                  [](TaskContext<>& context) {
                                    context.put("x", Json::parse(R"({"a":[1,2.5,"ü"]})"));
                                  })
                            .task("bad", {.retry = {.max_attempts = 2, .initial_delay = 0ms}},
                                  [](TaskContext<>&) { throw std::runtime_error{"twice"}; })
                            .task("skipped", {"bad"}, [](TaskContext<>&) {})
                            .build();
  ExecutionId id;
  ExecutionResult told;
  {
    auto runner = start(database.url(), {workflow});
    told = runner.execute("mixed", Context{{"in", nullptr}});
    id = told.id();
  }
  auto runner = start(database.url(), {workflow});
  auto const read = wait(runner.handle(id));
  CHECK(read.status() == told.status());
  CHECK(read.error() == told.error());
  CHECK(read.context() == told.context());
  CHECK(read.duration() == told.duration());
  CHECK(read.started_at() == told.started_at());
  CHECK(read.completed_at() == told.completed_at());
  REQUIRE(read.tasks().size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    auto const& a = read.tasks()[i];
    auto const& b = told.tasks()[i];
    CAPTURE(a.id);
    CHECK(a.id == b.id);
    CHECK(a.status == b.status);
    CHECK(a.attempts == b.attempts);
    CHECK(a.error == b.error);
    CHECK(a.skip_reason == b.skip_reason);
    CHECK(a.started == b.started);
    CHECK(a.completed == b.completed);
  }
  CHECK(read.to_mermaid() == told.to_mermaid());
  CHECK(read.task("bad").attempts == 2);
  CHECK(read.task("skipped").attempts == 0);
  CHECK_THROWS_AS(read.task("none"), ValidationError);
}

TEST_CASE("a handle from another runner follows an execution to its end", "[ask]") {
  TestDatabase database;
  Gate gate;
  auto const blocked = one_task("blocked", [&](TaskContext<>&) { gate.pass(); });
  DefaultRunnerConfig const config{.scheduler_poll_interval = 10ms};
  auto first = start(database.url(), {blocked}, config);
  auto second = start(database.url(), {blocked}, config);
  auto const submitted = first.submit("blocked", {});
  gate.wait_for_arrivals(1);
  auto const seen = second.handle(submitted.id());
  CHECK(seen.status() == WorkflowStatus::running);
  CHECK_FALSE(seen.wait_for(20ms).has_value());
  gate.open();
  CHECK(wait(seen).status() == WorkflowStatus::completed);
}
