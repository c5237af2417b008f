// Callbacks and observers: after the record, before the answer, in order, and never in the way.
#include <future>
#include <thread>

#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

struct Recorder : Observer {
  Log log;
  void on_execution(ExecutionId, std::string_view workflow, WorkflowStatus status,
                    Instant) override {
    log.add(std::string{workflow} + " " + std::string{to_string(status)});
  }
  void on_task(ExecutionId, std::string_view, std::string_view task, TaskStatus status,
               std::uint32_t attempt, std::string_view detail, Instant) override {
    log.add(std::string{task} + " " + std::string{to_string(status)} + " " +
            std::to_string(attempt) + (detail.empty() ? "" : " " + std::string{detail}));
  }
};

}  // namespace

TEST_CASE("callbacks have returned before a waiter is answered, and see what is recorded",
          "[callback]") {
  TestDatabase database;
  Log log;
  TaskSettings succeeding;
  succeeding.on_success = [&](std::string_view task, Context const& context) {
    log.add(std::string{task} + " " + context.get("out").dump() + " " +
            database.raw().text("SELECT DISTINCT status FROM task_executions WHERE task = 'good'"));
  };
  TaskSettings failing;
  failing.retry = {.max_attempts = 1};
  failing.on_failure = [&](std::string_view task, std::string_view error, Context const& context) {
    log.add(std::string{task} + " " + std::string{error} + " " + context.to_json());
  };
  auto const workflow =
      WorkflowBuilder{"both"}
          .task("good", succeeding, [](TaskContext<>& context) { context.put("out", 7); })
          .task("bad", failing, [](TaskContext<>&) { throw std::runtime_error{"broken"}; })
          .build();
  auto runner = start(database.url(), {workflow});
  for (int i = 0; i < 20; ++i) {
    auto const before = log.lines().size();
    CHECK(runner.execute("both", Context{{"in", i}}).status() == WorkflowStatus::failed);
    auto lines = log.lines();
    REQUIRE(lines.size() == before + 2);
    std::sort(lines.begin() + static_cast<std::ptrdiff_t>(before), lines.end());
    CHECK(lines[before] == "bad broken {\"in\":" + std::to_string(i) + "}");
    CHECK(lines[before + 1] == "good 7 Completed");
  }
}

TEST_CASE("what a callback throws changes nothing", "[callback]") {
  TestDatabase database;
  TaskSettings settings;
  settings.on_success = [](std::string_view, Context const&) { throw 42; };
  auto runner = start(database.url(), {one_task(
                                          "work", [](TaskContext<>&) {}, settings)});
  CHECK(wait(runner.submit("work", {})).status() == WorkflowStatus::completed);
  CHECK(wait(runner.submit("work", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("a callback must not wait for its runner, and nothing is submitted in vain",
          "[callback][deadlock]") {
  TestDatabase database;
  std::optional<DefaultRunner> runner;
  std::promise<std::string> said;
  TaskSettings settings;
  settings.on_success = [&](std::string_view, Context const&) {
    try {
      (void)runner->execute("other", {});
      said.set_value("nothing");
    } catch (StateError const& error) {
      said.set_value(error.what());
    }
  };
  runner.emplace(start(database.url(), {one_task(
                                            "work", [](TaskContext<>&) {}, settings),
                                        one_task("other", [](TaskContext<>&) {})}));
  CHECK(wait(runner->submit("work", {})).status() == WorkflowStatus::completed);
  CHECK_THAT(said.get_future().get(),
             Catch::Contains("callback") && Catch::Contains("wait for itself"));
  CHECK(runner->list({.workflow = "other"}).empty());
}

TEST_CASE("an observer sees every transition, in order, once it is stored", "[observer]") {
  TestDatabase database;
  auto const recorder = std::make_shared<Recorder>();
  RetryPolicy const twice{.max_attempts = 2, .initial_delay = 1ms, .jitter = false};
  auto const workflow = WorkflowBuilder{"seen"}
                            .task("first", {.retry = twice},
                                  [](TaskContext<>& context) {
                                    if (context.attempt() == 1) throw TransientError{"once more"};
                                  })
                            .task("second", {.after = {"first"}, .retry = {.max_attempts = 1}},
                                  [](TaskContext<>&) { throw PermanentError{"no"}; })
                            .task("third", {"second"}, [](TaskContext<>&) {})
                            .build();
  {
    auto runner = start(database.url(), {workflow}, {}, recorder);
    CHECK(wait(runner.submit("seen", {})).status() == WorkflowStatus::failed);
  }
  CHECK(recorder->log.lines() ==
        std::vector<std::string>{"seen Running", "first Running 1", "first Ready 2 once more",
                                 "first Running 2 once more", "first Completed 2 once more",
                                 "second Running 1", "second Failed 1 no",
                                 "third Skipped 1 upstream_failed: second", "seen Failed"});
}

TEST_CASE("an observer that throws or is slow changes nothing", "[observer]") {
  struct Rude : Observer {
    void on_task(ExecutionId, std::string_view, std::string_view, TaskStatus, std::uint32_t,
                 std::string_view, Instant) override {
      throw "rude";
    }
    void on_execution(ExecutionId, std::string_view, WorkflowStatus, Instant) override {
      std::this_thread::sleep_for(1ms);
    }
  };
  TestDatabase database;
  auto runner = start(database.url(), {one_task("work", [](TaskContext<>&) {})}, {},
                      std::make_shared<Rude>());
  for (int i = 0; i < 10; ++i)
    CHECK(wait(runner.submit("work", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("an observer must not wait for its runner", "[observer][deadlock]") {
  struct Waiting : Observer {
    std::function<void()> call;
    void on_execution(ExecutionId, std::string_view, WorkflowStatus, Instant) override { call(); }
  };
  TestDatabase database;
  auto const observer = std::make_shared<Waiting>();
  Log log;
  Gate built;
  std::optional<DefaultRunner> runner;
  observer->call = [&] {
    built.pass();
    try {
      (void)runner->execute("work", {});
    } catch (StateError const& error) {
      log.add(error.what());
    }
  };
  runner.emplace(start(database.url(), {one_task("work", [](TaskContext<>&) {})}, {}, observer));
  built.open();
  CHECK(wait(runner->submit("work", {})).status() == WorkflowStatus::completed);
  auto const said =
      log.wait_for(2);  // Running and Completed: no more, because nothing was submitted
  CHECK_THAT(said.front(), Catch::Contains("observer"));
  CHECK(runner->list().size() == 1);
}
