// Workflows that a runner learns while it runs.
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

Workflow saying(std::string const& name, std::string const& word, std::string description = {}) {
  return WorkflowBuilder{name}
      .description(std::move(description))
      .task("only", [word](TaskContext<>& context) { context.put("word", word); })
      .build();
}

std::string word_of(ExecutionResult const& result) {
  return result.value().get_as<std::string>("word");
}

}  // namespace

TEST_CASE("a workflow that is added to a runner can be submitted at once", "[add_workflow]") {
  TestDatabase database;
  auto runner = start(database.url(), {});
  CHECK_THROWS_AS(runner.submit("late", {}), WorkflowNotFound);
  auto const late = saying("late", "hello");
  runner.add_workflow(late);
  CHECK(runner.workflows() == std::vector<std::string>{"late"});
  CHECK(word_of(runner.execute("late", {})) == "hello");
  // Who looks from outside finds it as if it had been there from the start.
  auto const raw = database.raw();
  CHECK(raw.text("SELECT workflow FROM runner_workflows") == "late@" + late.version());
  CHECK(raw.integer("SELECT count(*) FROM workflow_definitions WHERE name = 'late'") == 1);
}

TEST_CASE("one that is added in place of another is what is submitted from then on",
          "[add_workflow]") {
  TestDatabase database;
  Gate gate;
  auto const first =
      WorkflowBuilder{"twice"}
          .task("wait", [&](TaskContext<>&) { gate.pass(); })
          .task("only", {"wait"}, [](TaskContext<>& context) { context.put("word", "first"); })
          .build();
  auto runner = start(database.url(), {first});
  auto const before = runner.submit("twice", {});
  gate.wait_for_arrivals(1);
  runner.add_workflow(saying("twice", "second"));
  CHECK(word_of(runner.execute("twice", {})) == "second");
  gate.open();
  CHECK(word_of(wait(before)) == "first");
  // Equal in content, so of the same version; its bodies are others.
  runner.add_workflow(saying("twice", "third"));
  CHECK(word_of(runner.execute("twice", {})) == "third");
}

TEST_CASE("executions that were waiting for a workflow run once it is added", "[add_workflow]") {
  TestDatabase database;
  auto const first = saying("awaited", "first", "of old");
  auto const second = saying("awaited", "second", "of now");
  Client old{database.url(), registry_of({first})};
  Client now{database.url(), registry_of({second})};
  auto runner = start(database.url(), {});
  auto const of_old = runner.handle(old.submit("awaited", {}));
  auto const of_now = runner.handle(now.submit("awaited", {}));
  runner.add_workflow(first);
  CHECK(word_of(wait(of_old)) == "first");
  CHECK(of_now.status() == WorkflowStatus::pending);
  runner.add_workflow(second);
  CHECK(word_of(wait(of_now)) == "second");
  // The one that was replaced is still known: what waits of it must not wait for ever.
  CHECK(word_of(wait(runner.handle(old.submit("awaited", {})))) == "first");
}

TEST_CASE("a runner that is shut down learns nothing", "[add_workflow]") {
  TestDatabase database;
  auto runner = start(database.url(), {});
  runner.shutdown();
  CHECK_THROWS_AS(runner.add_workflow(saying("late", "hello")), RunnerStopped);
  CHECK(runner.workflows().empty());
}

TEST_CASE("workflows may be added by several threads while others are submitted",
          "[add_workflow]") {
  TestDatabase database;
  auto runner = start(database.url(), {saying("busy", "hello")});
  constexpr int each = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&runner, t] {
      for (int i = 0; i < each; ++i) {
        auto const name = "of " + std::to_string(t) + ", " + std::to_string(i);
        runner.add_workflow(saying(name, name));
        if (word_of(runner.execute(name, {})) != name) throw std::runtime_error{name};
      }
    });
  }
  for (int i = 0; i < each; ++i) CHECK(word_of(runner.execute("busy", {})) == "hello");
  for (auto& thread : threads) thread.join();
  CHECK(runner.workflows().size() == 3 * each + 1);
}
