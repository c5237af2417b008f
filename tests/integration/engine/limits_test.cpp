// Time limits on real threads, bodies that ignore them, and work that waits for room.
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

RetryPolicy const no_retry{.max_attempts = 1};

}  // namespace

TEST_CASE("a body that hears its stop token ends at its limit", "[timeout]") {
  TestDatabase database;
  auto const coroutine = GENERATE(false, true);
  CAPTURE(coroutine);
  TaskFunction const body =
      coroutine ? TaskFunction{[](TaskContext<>& context) -> asio::awaitable<void> {
        co_await context.async_sleep_for(1h);
      }}
                : TaskFunction{[](TaskContext<>& context) { context.sleep_for(1h); }};
  auto runner =
      start(database.url(), {one_task("slow", body, {.retry = no_retry, .timeout = 50ms})});
  auto const result = wait(runner.submit("slow", {}));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.task("only").error, Catch::Contains("timeout"));
}

TEST_CASE("the timeout of the runner holds for tasks that name none", "[timeout]") {
  TestDatabase database;
  auto runner = start(database.url(),
                      {one_task("slow", [](TaskContext<>& context) { context.sleep_for(1h); },
                                {.retry = no_retry})},
                      {.task_timeout = 50ms});
  CHECK_THAT(wait(runner.submit("slow", {})).error(), Catch::Contains("timeout"));
}

TEST_CASE("a body that ignores its limit loses its thread, which is replaced", "[timeout][stuck]") {
  TestDatabase database;
  auto gate = std::make_shared<Gate>();
  auto runner = start(database.url(),
                      {one_task("stuck", [gate](TaskContext<>&) { gate->pass(); },
                                {.retry = no_retry, .timeout = 20ms}),
                       one_task("next", [](TaskContext<>&) {})},
                      {.max_concurrent_tasks = 1});
  auto const stuck = runner.submit("stuck", {});
  gate->wait_for_arrivals(1);
  auto const next = runner.submit("next", {});
  CHECK_THAT(wait(stuck).error(), Catch::Contains("timeout"));
  CHECK(wait(next).status() == WorkflowStatus::completed);  // on the thread that came instead
  CHECK(gate->arrivals() == 1);
  gate->open();
}

TEST_CASE("what a body returns after its limit is dropped", "[timeout]") {
  TestDatabase database;
  Gate gate;
  Gate late;
  auto const body = [&](TaskContext<>& context) {
    context.put("attempt", context.attempt());
    if (context.attempt() == 1) {
      gate.pass();
      late.open();
    } else {
      gate.open();
      late.pass();
    }
  };
  auto runner =
      start(database.url(),
            {one_task("late", body,
                      {.retry = {.max_attempts = 2, .initial_delay = 0ms}, .timeout = 300ms})});
  auto const result = wait(runner.submit("late", {}));
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.context().get("attempt") == 2);
  CHECK(result.task("only").attempts == 2);
}

TEST_CASE("a coroutine's limit holds while another one blocks their thread", "[timeout]") {
  TestDatabase database;
  auto gate = std::make_shared<Gate>();
  auto const suspended = [](TaskContext<>& context) -> asio::awaitable<void> {
    co_await context.async_sleep_for(1h);
  };
  auto const blocking = [gate](TaskContext<>&) -> asio::awaitable<void> {
    gate->pass();
    co_return;
  };
  auto runner = start(database.url(),
                      {one_task("suspended", suspended, {.retry = no_retry, .timeout = 300ms}),
                       one_task("blocking", blocking, {.retry = no_retry, .timeout = 50ms})});
  auto const first = runner.submit("suspended", {});
  auto const second = runner.submit("blocking", {});
  gate->wait_for_arrivals(1);
  CHECK_THAT(wait(first).error(), Catch::Contains("timeout"));
  CHECK_THAT(wait(second).error(), Catch::Contains("timeout"));
  gate->open();
}

TEST_CASE("a retry condition that does not return holds up no other limit", "[timeout][stuck]") {
  TestDatabase database;
  static Gate gate;
  static std::atomic<bool> answered{false};
  auto const endless = [](TaskContext<>& context) { context.sleep_for(1h); };
  auto const asks = [](std::exception_ptr) {
    std::shared_ptr<void> const leaving{nullptr, [](void*) { answered = true; }};
    gate.pass();
    return false;
  };
  auto runner = start(
      database.url(),
      {one_task("asking", endless,
                {.retry = {.max_attempts = 2, .condition = {.predicate = asks}}, .timeout = 20ms}),
       one_task("plain", endless, {.retry = no_retry, .timeout = 20ms}),
       one_task("quick", [](TaskContext<>&) {})});
  auto const asking = runner.submit("asking", {});
  gate.wait_for_arrivals(1);
  CHECK(wait(runner.submit("quick", {})).status() == WorkflowStatus::completed);
  CHECK_THAT(wait(runner.submit("plain", {})).error(), Catch::Contains("timeout"));
  CHECK_FALSE(answered);
  gate.open();
  CHECK_THAT(wait(asking).error(), Catch::Contains("timeout"));
}

TEST_CASE("a workflow's limit cancels what is unfinished", "[timeout]") {
  TestDatabase database;
  auto const workflow =
      WorkflowBuilder{"endless"}
          .timeout(60ms)
          .task("quick", [](TaskContext<>&) {})
          .task("endless", {"quick"}, [](TaskContext<>& context) { context.sleep_for(1h); })
          .task("never", {"endless"}, [](TaskContext<>&) {})
          .build();
  auto runner = start(database.url(), {workflow});
  auto const result = wait(runner.submit("endless", {}));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.error(), Catch::Contains("timeout"));
  CHECK(result.task("quick").status == TaskStatus::completed);
  CHECK(result.task("endless").status == TaskStatus::cancelled);
  CHECK(result.task("never").status == TaskStatus::cancelled);
}

TEST_CASE("a body that sleeps for ever sleeps until it is asked to stop", "[timeout][forever]") {
  TestDatabase database;
  auto const coroutine = GENERATE(false, true);
  CAPTURE(coroutine);
  Gate begun;
  TaskFunction const body =
      coroutine ? TaskFunction{[&](TaskContext<>& context) -> asio::awaitable<void> {
        co_await context.async_sleep_for(-1h);  // not at all
        begun.open();
        co_await context.async_sleep_for(std::chrono::hours::max());
      }}
                : TaskFunction{[&](TaskContext<>& context) {
                    context.sleep_for(-1h);
                    begun.open();
                    context.sleep_for(std::chrono::hours::max());
                  }};
  auto runner = start(database.url(), {one_task("sleep", body, {.timeout = 0ms})});
  auto const handle = runner.submit("sleep", {});
  begun.pass();
  auto waiting = std::async(std::launch::async,
                            [&] { return handle.wait_for(std::chrono::nanoseconds::max()); });
  handle.cancel();
  auto const result = waiting.get();
  REQUIRE(result.has_value());
  CHECK(result->status() == WorkflowStatus::cancelled);
}

TEST_CASE("with room for one, the higher priority goes first", "[priority]") {
  TestDatabase database;
  Gate gate;
  Log log;
  auto const workflow = one_task("work", [&](TaskContext<>& context) {
    auto const name = context.get_as<std::string>("name");
    log.add(name);
    if (name == "first") gate.pass();
  });
  auto runner =
      start(database.url(), {workflow}, {.max_concurrent_tasks = 1, .max_active_executions = 1});
  std::vector<ExecutionHandle> handles;
  handles.push_back(runner.submit("work", Context{{"name", "first"}}));
  gate.wait_for_arrivals(1);
  for (int priority : {0, 5, -3, 32'000, 5})
    handles.push_back(runner.submit("work", Context{{"name", std::to_string(priority)}},
                                    {.priority = static_cast<std::int16_t>(priority)}));
  gate.open();
  for (auto const& handle : handles) CHECK(wait(handle).status() == WorkflowStatus::completed);
  CHECK(log.lines() == std::vector<std::string>{"first", "32000", "5", "5", "0", "-3"});
}

TEST_CASE("ready tasks start by their priority", "[priority]") {
  TestDatabase database;
  Gate gate;
  Log log;
  auto const note = [&](TaskContext<>& context) { log.add(context.task_id()); };
  auto const workflow = WorkflowBuilder{"fan"}
                            .task("low", {.after = {"root"}, .priority = -1}, note)
                            .task("high", {.after = {"root"}, .priority = 7}, note)
                            .task("middle", {.after = {"root"}}, note)
                            .task("root", [](TaskContext<>&) {})
                            .build();
  auto runner = start(database.url(), {workflow}, {.max_concurrent_tasks = 1});
  CHECK(wait(runner.submit("fan", {})).status() == WorkflowStatus::completed);
  CHECK(log.lines() == std::vector<std::string>{"high", "middle", "low"});
}

TEST_CASE("executions beyond the limit wait in the table and run later", "[capacity]") {
  TestDatabase database;
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  auto const body = [&](TaskContext<>& context) -> asio::awaitable<void> {
    auto const now = ++running;
    for (auto seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {}
    co_await context.async_sleep_for(2ms);
    --running;
  };
  auto runner = start(database.url(), {one_task("work", body)}, {.max_active_executions = 5});
  auto const handles = runner.submit_many("work", std::vector<Context>(100));
  for (auto const& handle : handles) CHECK(wait(handle).status() == WorkflowStatus::completed);
  CHECK(most <= 5);
  CHECK(most > 1);
}

TEST_CASE("start_after holds an execution back, and not those behind it", "[capacity]") {
  TestDatabase database;
  auto runner = start(database.url(), {one_task("work", [](TaskContext<>&) {})});
  auto const submitted = Clock::now();
  auto const later = runner.submit("work", {}, {.start_after = 150ms});
  CHECK(wait(runner.submit("work", {})).status() == WorkflowStatus::completed);
  auto const result = wait(later);
  CHECK(Clock::now() - submitted >= 150ms);
  CHECK(result.status() == WorkflowStatus::completed);
}

TEST_CASE("past its lease a runner asks at-most-once bodies to stop, and no other", "[lease]") {
  TestDatabase database;
  Gate begun;
  Gate gate;
  std::atomic<bool> others_stopped{false};
  auto const once = one_task("once",
                             [&](TaskContext<>& context) {
                               begun.open();
                               context.sleep_for(1h);
                             },
                             {.timeout = 0ms, .execution = at_most_once});
  auto const often = one_task("often", [&](TaskContext<>& context) {
    gate.pass();
    others_stopped = context.stop_token().stop_requested();
  });
  auto runner = start(database.url(), {once, often}, {.lease = 200ms});
  auto const first = runner.submit("often", {});
  gate.wait_for_arrivals(1);
  auto const second = runner.submit("once", {});
  begun.pass();
  auto raw = database.raw();
  raw.keep_writers_out();              // so that no renewal gets through
  std::this_thread::sleep_for(600ms);  // time itself is what is tested: three leases
  raw.let_writers_in();
  gate.open();
  auto const result = wait(second);
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.error(), Catch::Contains("stop"));
  CHECK(wait(first).status() == WorkflowStatus::completed);  // nobody took over: it goes on
  CHECK_FALSE(others_stopped);
}

TEST_CASE("past its lease a runner starts nothing, until it is renewed", "[lease]") {
  TestDatabase database;
  Gate begun;
  std::atomic<bool> let_go{false};
  std::atomic<bool> first_ended{false};
  std::atomic<int> started{0};
  auto const coroutine = GENERATE(false, true);
  CAPTURE(coroutine);
  auto const first = coroutine ? TaskFunction{[&](TaskContext<>& context) -> asio::awaitable<void> {
    begun.open();
    while (!let_go) co_await context.async_sleep_for(2ms);
    first_ended = true;
  }}
                               : TaskFunction{[&](TaskContext<>& context) {
                                   begun.open();
                                   while (!let_go) context.sleep_for(2ms);
                                   first_ended = true;
                                 }};
  auto const second = coroutine ? TaskFunction{[&](TaskContext<>&) -> asio::awaitable<void> {
    ++started;
    co_return;
  }}
                                : TaskFunction{[&](TaskContext<>&) { ++started; }};
  auto runner = start(database.url(), {one_task("first", first), one_task("second", second)},
                      {.max_concurrent_tasks = 1, .max_concurrent_async_tasks = 1, .lease = 200ms});
  auto const one = runner.submit("first", {});
  begun.pass();
  auto const two = runner.submit("second", {});
  auto raw = database.raw();
  raw.keep_writers_out();              // so that no renewal gets through
  std::this_thread::sleep_for(600ms);  // time itself is what is tested: three leases
  let_go = true;
  while (!first_ended) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(100ms);  // long enough for a body that need not wait
  CHECK(started == 0);
  raw.let_writers_in();
  CHECK(wait(two).status() == WorkflowStatus::completed);
  CHECK(wait(one).status() == WorkflowStatus::completed);
  CHECK(started == 1);
}
