// Code of users on the library's threads: what it may do, and what it cannot hold up.
#include <pthread.h>

#include <future>
#include <optional>
#include <stop_token>
#include <thread>

#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"

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
  ScratchDirectory directory;
  auto gate = std::make_shared<Gate>();
  auto begun = std::make_shared<Gate>();
  auto const deaf = one_task("deaf", [gate, begun](TaskContext<>& context) {
    std::stop_callback const callback{context.stop_token(), [gate] { gate->pass(); }};
    begun->open();
    gate->pass();
  });
  auto runner = start(directory.sqlite_url(), {deaf, quick()});
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
  ScratchDirectory directory;
  std::optional<DefaultRunner> runner;
  Gate begun;
  std::promise<std::string> said;
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
    context.sleep_for(1h);
  };
  runner.emplace(start(directory.sqlite_url(), {one_task("asked", body), quick()}));
  auto const handle = runner->submit("asked", {});
  begun.pass();
  handle.cancel();
  CHECK_THAT(said.get_future().get(), Catch::Contains("stop callback"));
}

TEST_CASE("a body that ends its thread has failed, and another thread goes on", "[threads]") {
  ScratchDirectory directory;
  auto runner = start(directory.sqlite_url(),
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
  ScratchDirectory directory;
  TaskSettings settings;
  settings.on_success = [](std::string_view, Context const&) { pthread_exit(nullptr); };
  auto runner = start(directory.sqlite_url(),
                      {one_task(
                          "work", [](TaskContext<>&) {}, settings)},
                      {.max_concurrent_tasks = 1});
  for (int i = 0; i < 3; ++i)
    CHECK(wait(runner.submit("work", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("bodies, coroutines and callbacks of one runner may wait for another",
          "[threads][deadlock]") {
  ScratchDirectory directory;
  ScratchDirectory elsewhere;
  auto other = start(elsewhere.sqlite_url(), {quick()});
  std::atomic<int> waited{0};
  auto const ask = [&] {
    if (wait(other.submit("quick", {})).status() == WorkflowStatus::completed) ++waited;
  };
  TaskSettings asking_after;
  asking_after.on_success = [&](std::string_view, Context const&) { ask(); };
  auto runner =
      start(directory.sqlite_url(), {one_task("body", [&](TaskContext<>&) { ask(); }),
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
  ScratchDirectory directory;
  ScratchDirectory elsewhere;
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
  other.emplace(start(elsewhere.sqlite_url(), {there}, {.max_concurrent_tasks = 1}));
  runner.emplace(start(directory.sqlite_url(), {back, quick()}, {.max_concurrent_tasks = 1}));
  CHECK(wait(runner->submit("back", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("a body that shuts another runner down waits for what runs there",
          "[threads][shutdown]") {
  ScratchDirectory directory;
  ScratchDirectory elsewhere;
  Gate begun;
  Gate gate;
  auto other = start(elsewhere.sqlite_url(), {one_task("slow", [&](TaskContext<>&) {
                       begun.open();
                       gate.pass();
                     })});
  auto const slow = other.submit("slow", {});
  begun.pass();
  auto runner = start(directory.sqlite_url(), {one_task("closing", [&](TaskContext<>&) {
                        std::thread opener{[&] { gate.open(); }};
                        other.shutdown(patience);
                        opener.join();
                      })});
  CHECK(wait(runner.submit("closing", {})).status() == WorkflowStatus::completed);
  CHECK(slow.wait().status() == WorkflowStatus::completed);
}
