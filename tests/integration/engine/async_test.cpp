// Submitting and waiting without a thread, with every kind of completion token.
#include <future>
#include <thread>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/deferred.hpp>
#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

Workflow doubling() {
  return one_task(
      "double", [](TaskContext<>& context) { context.put("out", 2 * context.get_as<int>("in")); });
}

template <class T>
T get(std::future<T>& future) {
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error{"nothing came"};
  return future.get();
}

}  // namespace

TEST_CASE("callbacks get the handle, then the result, on a worker", "[async]") {
  TestDatabase database;
  auto runner = start(database.url(), {doubling()});
  std::promise<int> out;
  std::thread::id on;
  runner.async_submit("double", Context{{"in", 21}},
                      [&](std::exception_ptr failed, ExecutionHandle handle) {
                        if (failed) return out.set_exception(failed);
                        handle.async_wait([&](std::exception_ptr error, ExecutionResult result) {
                          on = std::this_thread::get_id();
                          if (error) return out.set_exception(error);
                          out.set_value(result.context().get_as<int>("out"));
                        });
                      });
  auto future = out.get_future();
  CHECK(get(future) == 42);
  CHECK(on != std::this_thread::get_id());
}

TEST_CASE("futures get the handle and the result", "[async]") {
  TestDatabase database;
  auto runner = start(database.url(), {doubling()});
  auto submitted = runner.async_submit("double", Context{{"in", 4}}, asio::use_future);
  auto const handle = get(submitted);
  auto waited = handle.async_wait(asio::use_future);
  CHECK(get(waited).context().get_as<int>("out") == 8);
  auto again = handle.async_wait(asio::use_future);  // of one that has ended
  CHECK(get(again).id() == handle.id());
}

TEST_CASE("coroutines await the handle and the result, and go on where they were", "[async]") {
  TestDatabase database;
  // Before the runner, which posts to it: an executor must outlive those who use it.
  asio::io_context context;
  auto runner = start(database.url(), {doubling()});
  int sum = 0;
  bool elsewhere = false;
  auto const run = [&](int in) -> asio::awaitable<void> {
    Context input{{"in", in}};
    auto const handle = co_await runner.async_submit("double", input, asio::use_awaitable);
    auto const result = co_await handle.async_wait(asio::use_awaitable);
    sum += result.context().get_as<int>("out");
    elsewhere = elsewhere || !context.get_executor().running_in_this_thread();
  };
  for (int i = 1; i <= 50; ++i) asio::co_spawn(context, run(i), asio::detached);
  context.run_for(patience);
  CHECK(sum == 2550);
  CHECK_FALSE(elsewhere);
}

TEST_CASE("handlers run on their associated executor", "[async]") {
  TestDatabase database;
  // Before the runner, which posts to it: an executor must outlive those who use it.
  asio::thread_pool pool{1};
  auto runner = start(database.url(), {doubling()});
  std::promise<bool> there;
  auto const handle = runner.submit("double", Context{{"in", 1}});
  handle.async_wait(asio::bind_executor(pool, [&](std::exception_ptr, ExecutionResult const&) {
    there.set_value(pool.get_executor().running_in_this_thread());
  }));
  auto future = there.get_future();
  CHECK(get(future));
  pool.join();
}

// The second start was one of what the first had moved away.
TEST_CASE("a deferred submission may be started twice, and is two executions", "[async]") {
  TestDatabase database;
  auto runner = start(database.url(), {doubling()});
  auto const operation =
      runner.async_submit("double", Context{{"in", 21}}, asio::experimental::deferred);
  std::promise<ExecutionHandle> handles[2];
  for (auto& promise : handles) {
    auto copy = operation;
    std::move(copy)([&](std::exception_ptr error, ExecutionHandle handle) {
      if (error) return promise.set_exception(error);
      promise.set_value(std::move(handle));
    });
  }
  auto first = handles[0].get_future();
  auto second = handles[1].get_future();
  auto const one = get(first);
  auto const other = get(second);
  CHECK(one.id() != other.id());
  CHECK(wait(one).context().get("out") == 42);
  CHECK(wait(other).context().get("out") == 42);
}

namespace {

/// Takes nothing.
struct Full {
  template <class Function>
  void execute(Function&&) const {
    throw std::runtime_error{"the executor is full"};
  }
  static constexpr auto query(asio::execution::blocking_t) {
    return asio::execution::blocking.never;
  }
  bool operator==(Full const&) const = default;
};

}  // namespace

// It ended the process, from the engine's thread.
TEST_CASE("an executor that throws loses its handler, and nothing else", "[async]") {
  TestDatabase database;
  auto runner = start(database.url(), {doubling()});
  auto const never = [](auto const&...) { FAIL("it was called"); };
  runner.async_submit("double", Context{{"in", 1}}, asio::bind_executor(Full{}, never));
  auto const handle = runner.submit("double", Context{{"in", 21}});
  try {
    handle.async_wait(asio::bind_executor(Full{}, never));
  } catch (std::runtime_error const&) {  // of an execution that had ended already
  }
  CHECK(wait(handle).context().get("out") == 42);
  CHECK(wait(runner.submit("double", Context{{"in", 4}})).context().get("out") == 8);
}

TEST_CASE("what cannot be submitted and what is refused comes to the handler", "[async]") {
  TestDatabase database;
  asio::io_context context;
  auto runner = start(database.url(), {doubling()});

  auto unknown = runner.async_submit("dubble", Context{}, asio::use_future);
  CHECK_THROWS_AS(get(unknown), WorkflowNotFound);
  auto early =
      runner.async_submit("double", Context{{"in", 2}}, {.start_after = -1ms}, asio::use_future);
  CHECK_THROWS_AS(get(early), ValidationError);

  std::promise<ExecutionHandle> answer;
  auto on = std::this_thread::get_id();
  runner.async_submit("dubble", Context{}, [&](std::exception_ptr failed, ExecutionHandle) {
    on = std::this_thread::get_id();
    answer.set_exception(failed);
  });
  auto answered = answer.get_future();
  CHECK_THROWS_AS(get(answered), WorkflowNotFound);
  CHECK(on != std::this_thread::get_id());

  bool caught = false;
  auto const submitting = [&]() -> asio::awaitable<void> {
    auto pending = runner.async_submit("dubble", Context{}, asio::use_awaitable);
    try {
      (void)co_await std::move(pending);
    } catch (WorkflowNotFound const&) {
      caught = context.get_executor().running_in_this_thread();
    }
  };
  asio::co_spawn(context, submitting(), asio::detached);
  context.run_for(patience);
  CHECK(caught);

  (void)runner.submit("double", Context{{"in", 1}}, {.idempotency_key = "k"});
  auto other =
      runner.async_submit("double", Context{{"in", 2}}, {.idempotency_key = "k"}, asio::use_future);
  CHECK_THROWS_AS(get(other), ValidationError);

  runner.shutdown();
  auto late = runner.async_submit("double", Context{{"in", 3}}, asio::use_future);
  CHECK_THROWS_AS(get(late), RunnerStopped);
}

TEST_CASE("cancelling a wait ends the wait, not the run", "[async]") {
  TestDatabase database;
  Gate gate;
  auto runner = start(database.url(), {one_task("wait", [&](TaskContext<>&) { gate.pass(); })});
  auto const handle = runner.submit("wait", {});
  asio::io_context context;
  asio::cancellation_signal signal;
  std::exception_ptr error;
  auto const waiting = [&]() -> asio::awaitable<void> {
    (void)co_await handle.async_wait(asio::use_awaitable);
  };
  asio::co_spawn(context, waiting(),
                 asio::bind_cancellation_slot(signal.slot(),
                                              [&](std::exception_ptr thrown) { error = thrown; }));
  context.run_one();  // it waits now
  signal.emit(asio::cancellation_type::terminal);
  context.run_for(patience);
  REQUIRE(error != nullptr);
  CHECK_THROWS_AS(std::rethrow_exception(error), asio::system_error);
  gate.open();
  CHECK(wait(handle).status() == WorkflowStatus::completed);
}

TEST_CASE("a shutdown reaches asynchronous waiters, each exactly once", "[async][shutdown]") {
  for (int round = 0; round < 20; ++round) {
    TestDatabase database;
    std::atomic<int> stopped{0};
    std::atomic<int> answers{0};
    std::vector<std::future<ExecutionResult>> futures;
    {
      auto runner = start(database.url(), {doubling()});
      for (int i = 0; i < 20; ++i) {
        auto const handle = runner.submit("double", Context{{"in", i}}, {.start_after = 1h});
        futures.push_back(handle.async_wait(asio::use_future));
        handle.async_wait([&](std::exception_ptr error, ExecutionResult const&) {
          ++answers;
          try {
            if (error) std::rethrow_exception(error);
          } catch (RunnerStopped const&) {
            ++stopped;
          } catch (...) {}
        });
      }
    }
    for (auto& future : futures) CHECK_THROWS_AS(get(future), RunnerStopped);
    CHECK(answers == 20);
    CHECK(stopped == 20);
  }
}

TEST_CASE("a handle that outlives its runner still answers what it knows", "[async]") {
  TestDatabase database;
  ExecutionHandle done;
  ExecutionHandle unfinished;
  {
    auto runner = start(database.url(), {doubling()});
    done = runner.submit("double", Context{{"in", 5}});
    (void)wait(done);
    unfinished = runner.submit("double", Context{{"in", 5}}, {.start_after = 1h});
  }
  CHECK(done.wait().context().get_as<int>("out") == 10);
  CHECK_THROWS_AS(unfinished.wait(), RunnerStopped);
  CHECK_THROWS_AS(unfinished.status(), RunnerStopped);
  auto late = unfinished.async_wait(asio::use_future);
  CHECK_THROWS_AS(get(late), RunnerStopped);
}

TEST_CASE("a thousand coroutine bodies wait on one thread", "[async]") {
  TestDatabase database;
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  Gate gate;
  auto const workflow = one_task("wait", [&](TaskContext<>& context) -> asio::awaitable<void> {
    auto const now = ++at_once;
    if (now > most) most = now;
    if (now == 1'000) gate.open();
    while (most < 1'000) co_await context.async_sleep_for(5ms);
    --at_once;
  });
  auto runner = start(database.url(), {workflow});
  auto const handles = runner.submit_many("wait", std::vector<Context>(1'000));
  gate.pass();
  for (auto const& handle : handles) CHECK(wait(handle).status() == WorkflowStatus::completed);
  CHECK(most == 1'000);
}
