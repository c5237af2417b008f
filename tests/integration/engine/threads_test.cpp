// Code of users on the library's threads: what it may do, and what it cannot hold up.
#include <pthread.h>

#include <future>
#include <optional>
#include <stop_token>
#include <thread>

#include <asio/use_future.hpp>

#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

Workflow quick(std::string name = "quick") {
  return one_task(std::move(name), [](TaskContext<>&) {});
}

}  // namespace

TEST_CASE("a stop callback that does not return holds up neither runs nor a shutdown",
          "[threads][stop]") {
  TestDatabase database;
  auto gate = std::make_shared<Gate>();
  auto begun = std::make_shared<Gate>();
  auto const deaf = one_task("deaf", [gate, begun](TaskContext<>& context) {
    std::stop_callback const callback{context.stop_token(), [gate] { gate->pass(); }};
    begun->open();
    gate->pass();
  });
  auto runner = start(database.url(), {deaf, quick()});
  auto const handle = runner.submit("deaf", {});
  begun->pass();
  handle.cancel();
  gate->wait_for_arrivals(2);  // the body, and the callback
  CHECK(wait(handle).status() == WorkflowStatus::cancelled);
  CHECK(wait(runner.submit("quick", {})).status() == WorkflowStatus::completed);
  CHECK(time_of([&] { runner.shutdown(50ms); }) < 2s);
  gate->open();
}

TEST_CASE("a body that was asked to stop may ask its runner, its stop callback may not wait",
          "[threads][stop][deadlock]") {
  TestDatabase database;
  std::optional<DefaultRunner> runner;
  Gate begun;
  std::promise<std::string> said;
  std::promise<WorkflowStatus> answered;
  auto const body = [&](TaskContext<>& context) {
    std::stop_callback const callback{context.stop_token(), [&] {
                                        try {
                                          (void)runner->execute("quick", {});
                                          said.set_value("nothing");
                                        } catch (StateError const& error) {
                                          said.set_value(error.what());
                                        }
                                      }};
    begun.open();
    try {
      context.sleep_for(1h);
    } catch (TaskError const&) {
      answered.set_value(runner->execute("quick", {}).status());
    }
  };
  runner.emplace(start(database.url(), {one_task("asked", body), quick()}));
  auto const handle = runner->submit("asked", {});
  begun.pass();
  handle.cancel();
  CHECK_THAT(said.get_future().get(), Catch::Contains("stop callback"));
  CHECK(answered.get_future().get() == WorkflowStatus::completed);
}

TEST_CASE("a body that ends its thread has failed, and another thread goes on", "[threads]") {
  TestDatabase database;
  auto runner = start(database.url(),
                      {one_task("leaving", [](TaskContext<>&) { pthread_exit(nullptr); }), quick()},
                      {.max_concurrent_tasks = 1});
  for (int i = 0; i < 3; ++i) {
    auto const result = wait(runner.submit("leaving", {}));
    CHECK(result.status() == WorkflowStatus::failed);
    CHECK_THAT(result.error(), Catch::Contains("ended its thread"));
    CHECK(result.task("only").attempts == 1);
    CHECK(wait(runner.submit("quick", {})).status() == WorkflowStatus::completed);
  }
}

TEST_CASE("a callback that ends its thread has returned", "[threads][callback]") {
  TestDatabase database;
  TaskSettings settings;
  settings.on_success = [](std::string_view, Context const&) { pthread_exit(nullptr); };
  auto runner = start(database.url(),
                      {one_task(
                          "work", [](TaskContext<>&) {}, settings)},
                      {.max_concurrent_tasks = 1});
  for (int i = 0; i < 3; ++i)
    CHECK(wait(runner.submit("work", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("bodies, coroutines and callbacks of one runner may wait for another",
          "[threads][deadlock]") {
  TestDatabase database;
  TestDatabase elsewhere;
  auto other = start(elsewhere.url(), {quick()});
  std::atomic<int> waited{0};
  auto const ask = [&] {
    if (wait(other.submit("quick", {})).status() == WorkflowStatus::completed) ++waited;
  };
  TaskSettings asking_after;
  asking_after.on_success = [&](std::string_view, Context const&) { ask(); };
  auto runner = start(database.url(), {one_task("body", [&](TaskContext<>&) { ask(); }),
                                       one_task("coroutine",
                                                [&](TaskContext<>&) -> asio::awaitable<void> {
                                                  ask();
                                                  co_return;
                                                }),
                                       one_task(
                                           "callback", [](TaskContext<>&) {}, asking_after)});
  for (auto const* name : {"body", "coroutine", "callback"})
    CHECK(wait(runner.submit(name, {})).status() == WorkflowStatus::completed);
  CHECK(waited == 3);
}

TEST_CASE("a body lends its slot also while it waits for another runner", "[threads][deadlock]") {
  TestDatabase database;
  TestDatabase elsewhere;
  std::optional<DefaultRunner> other;
  std::optional<DefaultRunner> runner;
  auto const there = one_task("there", [&](TaskContext<>&) {
    if (wait(runner->submit("quick", {})).status() != WorkflowStatus::completed)
      throw PermanentError{"not completed"};
  });
  auto const back = one_task("back", [&](TaskContext<>&) {
    if (wait(other->submit("there", {})).status() != WorkflowStatus::completed)
      throw PermanentError{"not completed"};
  });
  other.emplace(start(elsewhere.url(), {there}, {.max_concurrent_tasks = 1}));
  runner.emplace(start(database.url(), {back, quick()}, {.max_concurrent_tasks = 1}));
  CHECK(wait(runner->submit("back", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("a body that shuts another runner down waits for what runs there",
          "[threads][shutdown]") {
  TestDatabase database;
  TestDatabase elsewhere;
  Gate begun;
  Gate gate;
  auto other = start(elsewhere.url(), {one_task("slow", [&](TaskContext<>&) {
                       begun.open();
                       gate.pass();
                     })});
  auto const slow = other.submit("slow", {});
  begun.pass();
  auto runner = start(database.url(), {one_task("closing", [&](TaskContext<>&) {
                        std::thread opener{[&] { gate.open(); }};
                        other.shutdown(patience);
                        opener.join();
                      })});
  CHECK(wait(runner.submit("closing", {})).status() == WorkflowStatus::completed);
  CHECK(slow.wait().status() == WorkflowStatus::completed);
}

TEST_CASE("what a handler without an executor throws is logged, and the runner goes on",
          "[threads][async]") {
  TestDatabase database;
  auto runner = start(database.url(), {quick()}, {.max_concurrent_tasks = 1});
  for (int i = 0; i < 3; ++i) {
    auto const handle = runner.submit("quick", {});
    handle.async_wait([](std::exception_ptr, ExecutionResult) { throw 42; });
    CHECK(wait(runner.submit("quick", {})).status() == WorkflowStatus::completed);
  }
  runner.shutdown();
  Gate called;
  runner.async_submit("quick", Context{}, [&](std::exception_ptr error, ExecutionHandle) {
    called.open();
    std::rethrow_exception(error);  // RunnerStopped
  });
  called.pass();
}

TEST_CASE("a body may wait as often as it likes", "[threads]") {
  TestDatabase database;
  auto const asking = one_task("asking", [](TaskContext<>&) {});
  std::optional<DefaultRunner> runner;
  auto const often = one_task("often", [&](TaskContext<>&) {
    for (int i = 0; i < 200; ++i)
      if (wait(runner->submit("asking", {})).status() != WorkflowStatus::completed)
        throw PermanentError{"not completed"};
  });
  runner.emplace(start(database.url(), {often, asking}, {.max_concurrent_tasks = 1}));
  CHECK(wait(runner->submit("often", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("no body starts once a runner was shut down", "[threads][shutdown]") {
  TestDatabase database;
  auto gate = std::make_shared<Gate>();
  auto const started = std::make_shared<std::atomic<int>>(0);
  auto const coroutine = GENERATE(false, true);
  CAPTURE(coroutine);
  TaskFunction const body =
      coroutine ? TaskFunction{[gate, started](TaskContext<>&) -> asio::awaitable<void> {
        ++*started;
        gate->pass();
        co_return;
      }}
                : TaskFunction{[gate, started](TaskContext<>&) {
                    ++*started;
                    gate->pass();
                  }};
  auto runner = start(database.url(), {one_task("work", body)}, {.max_concurrent_tasks = 1});
  auto const handles = runner.submit_many("work", std::vector<Context>(20));
  gate->wait_for_arrivals(1);
  runner.shutdown(0ms);
  CHECK(*started == 1);
  gate->open();  // the thread that was left behind has the rest of its batch at hand
  for (auto const& handle : handles) CHECK_THROWS_AS(handle.wait(), RunnerStopped);
  std::this_thread::sleep_for(50ms);  // long enough for a body that would start
  CHECK(*started == 1);
}

TEST_CASE("an impatient shutdown ends the wait of a patient one", "[threads][shutdown]") {
  TestDatabase database;
  auto gate = std::make_shared<Gate>();
  auto runner =
      start(database.url(), {one_task("stubborn", [gate](TaskContext<>&) { gate->pass(); })});
  auto const handle = runner.submit("stubborn", {});
  gate->wait_for_arrivals(1);
  std::thread patient{[&] { runner.shutdown(std::chrono::hours{24}); }};
  while (true) {  // until it is at it
    try {
      (void)runner.async_submit("stubborn", Context{}, asio::use_future).get();
    } catch (RunnerStopped const&) {
      break;
    }
  }
  CHECK(time_of([&] { runner.shutdown(50ms); }) < 3s);
  patient.join();
  CHECK_THROWS_AS(handle.wait(), RunnerStopped);
  gate->open();
}
