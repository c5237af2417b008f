// How far an execution is, as its tasks are stored.
#include <thread>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

TEST_CASE("tasks are read while their execution runs", "[ask]") {
  TestDatabase database;
  Gate gate;
  auto const workflow =
      WorkflowBuilder{"three"}
          .task("first", [](TaskContext<>& context) { context.put("x", 1); })
          .task("gated", {"first"}, [&](TaskContext<>&) { gate.pass(); })
          .task("last", {"gated"}, [](TaskContext<>&) { throw PermanentError{"no luck"}; })
          .build();
  auto runner = start(database.url(), {workflow});
  Client const client{database.url()};
  auto const handle = runner.submit("three", {});
  gate.wait_for_arrivals(1);
  auto tasks = runner.tasks(handle.id());
  while (tasks.at(1).status != TaskStatus::running) tasks = client.tasks(handle.id());
  REQUIRE(tasks.size() == 3);
  CHECK(tasks[0].id == "first");
  CHECK(tasks[0].status == TaskStatus::completed);
  CHECK(tasks[0].completed.has_value());
  CHECK(tasks[1].attempts == 1);
  CHECK(tasks[2].status == TaskStatus::not_started);
  gate.open();
  (void)wait(handle);
  tasks = runner.tasks(handle.id());
  CHECK(tasks[1].status == TaskStatus::completed);
  CHECK(tasks[2].status == TaskStatus::failed);
  CHECK_THAT(tasks[2].error, Catch::Contains("no luck"));
  CHECK_THROWS_AS(runner.tasks(ExecutionId{}), ExecutionNotFound);
}

TEST_CASE("a result is drawn for Graphviz with what became of each task", "[ask]") {
  TestDatabase database;
  auto const workflow = WorkflowBuilder{"say \"hi\""}
                            .task("bad", [](TaskContext<>&) { throw PermanentError{"no luck"}; })
                            .task("after", {"bad"}, [](TaskContext<>&) {})
                            .build();
  auto const dot = start(database.url(), {workflow}).execute("say \"hi\"", {}).to_dot();
  CHECK_THAT(dot, Catch::StartsWith("digraph \"say \\\"hi\\\"\" {\n"));
  CHECK_THAT(dot, Catch::Contains("  t0 [label=\"bad\\nFailed"));
  CHECK_THAT(dot, Catch::Contains("style=\"filled\", fillcolor=\"#ffd6d6\", color=\"#c62828\"];"));
  CHECK_THAT(dot, Catch::Contains("  t1 [label=\"after\\nSkipped\", style=\"filled,dashed\""));
  CHECK_THAT(dot, Catch::EndsWith("  t0 -> t1;\n}\n"));
}
