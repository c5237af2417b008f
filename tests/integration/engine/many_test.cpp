// Many threads, many executions, nested waits: what a race would break.
#include <array>
#include <future>
#include <optional>
#include <set>
#include <thread>

#include <asio/use_awaitable.hpp>

#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// a → (b, c) → d: adds up what it was given on every path.
Workflow diamond() {
  auto const add = [](char const* from) {
    return [from](TaskContext<>& context) {
      context.put(context.task_id(), context.get_as<int>(from) + 1);
    };
  };
  return WorkflowBuilder{"diamond"}
      .task("a", add("n"))
      .task("b", {"a"}, add("a"))
      .task("c", {"a"},
            [](TaskContext<>& context) -> asio::awaitable<void> {
              co_await context.async_sleep_for(100us);
              context.put("c", context.get_as<int>("a") + 1);
            })
      .task("d", {"b", "c"},
            [](TaskContext<>& context) {
              context.put("d", context.get_as<int>("b") + context.get_as<int>("c"));
            })
      .build();
}

}  // namespace

TEST_CASE("many threads submit and wait at once", "[many]") {
  TestDatabase database;
  auto runner = start(database.url(), {diamond()});
  std::vector<std::future<int>> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.push_back(std::async(std::launch::async, [&, thread] {
      int wrong = 0;
      for (int i = 0; i < 40; ++i) {
        auto const n = thread * 1'000 + i;
        auto const result = runner.execute("diamond", Context{{"n", n}});
        if (result.context().get_as<int>("d") != 2 * (n + 2)) ++wrong;
      }
      return wrong;
    }));
  }
  for (auto& thread : threads) CHECK(thread.get() == 0);
  auto const raw = database.raw();
  CHECK(raw.integer("SELECT count(*) FROM workflow_executions WHERE status = 'Completed'") == 320);
  CHECK(raw.integer("SELECT count(*) FROM task_executions WHERE status = 'Completed'") == 1'280);
}

TEST_CASE("thousands in one call, each with an id of its own, newest last", "[many]") {
  TestDatabase database;
  auto runner = start(database.url(), {diamond()});
  std::vector<Context> inputs;
  for (int n = 0; n < 2'000; ++n) inputs.push_back(Context{{"n", n}});
  auto const handles = runner.submit_many("diamond", std::move(inputs));
  std::set<ExecutionId> ids;
  for (auto const& handle : handles) {
    CHECK((ids.empty() || *ids.rbegin() < handle.id()));
    ids.insert(handle.id());
  }
  CHECK(ids.size() == 2'000);
  for (std::size_t n = 0; n < handles.size(); ++n)
    CHECK(wait(handles[n]).context().get_as<std::size_t>("d") == 2 * (n + 2));
}

TEST_CASE("bodies wait for executions of their own, also with one worker", "[nested]") {
  TestDatabase database;
  std::optional<DefaultRunner> runner;
  auto const count = [&](TaskContext<>& context) {
    auto const n = context.get_as<int>("n");
    int below = 0;
    if (n > 0)
      below = runner->execute("count", Context{{"n", n - 1}}).context().get_as<int>("depth") + 1;
    context.put("depth", below);
  };
  runner.emplace(start(database.url(), {one_task("count", count)}, {.max_concurrent_tasks = 1}));
  auto const result = wait(runner->submit("count", Context{{"n", 12}}));
  CHECK(result.context().get_as<int>("depth") == 12);
  // The slots that were lent came back: still one at a time.
  CHECK(wait(runner->submit("count", Context{{"n", 3}})).context().get_as<int>("depth") == 3);
}

TEST_CASE("bodies wait for executions of their own, also where two runners share the work",
          "[nested][regression]") {
  TestDatabase database;
  std::array<std::optional<DefaultRunner>, 2> runners;
  for (auto& runner : runners) {
    auto const count = [&runner](TaskContext<>& context) {
      auto const n = context.get_as<int>("n");
      int below = 0;
      if (n > 0)
        below = runner->execute("count", Context{{"n", n - 1}}).context().get_as<int>("depth") + 1;
      context.put("depth", below);
    };
    runner.emplace(start(database.url(), {one_task("count", count)},
                         {.max_concurrent_tasks = 1, .scheduler_poll_interval = 10ms}));
  }
  // Each knows of the other after its next look, of which there are some meanwhile.
  for (auto const end = Clock::now() + 100ms; Clock::now() < end;)
    CHECK(wait(runners[0]->submit("count", Context{{"n", 0}})).status() ==
          WorkflowStatus::completed);
  auto const result = wait(runners[0]->submit("count", Context{{"n", 12}}));
  CHECK(result.context().get_as<int>("depth") == 12);
}

TEST_CASE("a coroutine body must not block its thread, but may await", "[nested][deadlock]") {
  TestDatabase database;
  std::optional<DefaultRunner> runner;
  auto const parent = [&](TaskContext<>& context) -> asio::awaitable<void> {
    try {
      (void)runner->execute("child", {});
    } catch (StateError const& error) {
      context.put("said", error.what());
    }
    Context input;
    auto const handle = co_await runner->async_submit("child", input, asio::use_awaitable);
    auto const result = co_await handle.async_wait(asio::use_awaitable);
    context.put("child", to_string(result.status()));
  };
  runner.emplace(start(database.url(),
                       {one_task("parent", parent), one_task("child", [](TaskContext<>&) {})}));
  auto const result = wait(runner->submit("parent", {}));
  CHECK(result.context().get("child") == "Completed");
  CHECK_THAT(result.context().get_as<std::string>("said"), Catch::Contains("coroutine"));
}

TEST_CASE("a sleep that blocks is refused in a coroutine body", "[deadlock]") {
  TestDatabase database;
  auto const body = [](TaskContext<>& context) -> asio::awaitable<void> {
    context.sleep_for(1ms);
    co_return;
  };
  auto runner = start(database.url(), {one_task("blocking", body, {.retry = {.max_attempts = 1}})});
  auto const result = wait(runner.submit("blocking", {}));
  CHECK(result.status() == WorkflowStatus::failed);
  CHECK_THAT(result.error(), Catch::Contains("async_sleep_for") || Catch::Contains("co_await"));
}

TEST_CASE("cancels race with ends, and every waiter gets one answer", "[many][cancel]") {
  TestDatabase database;
  auto runner = start(database.url(), {diamond()});
  int cancelled = 0;
  int completed = 0;
  for (int i = 0; i < 100; ++i) {
    auto const handle = runner.submit("diamond", Context{{"n", i}});
    try {
      handle.cancel("race");
    } catch (StateError const&) {
      CHECK(wait(handle).status() == WorkflowStatus::completed);
    }
    auto const status = wait(handle).status();
    (status == WorkflowStatus::cancelled ? cancelled : completed) += 1;
    CHECK(runner.status(handle.id()) == status);
  }
  CHECK(cancelled + completed == 100);
}

TEST_CASE("two runners in one process share a file's work", "[many]") {
  TestDatabase database;
  Log log;
  auto const by = [&](std::string name) {
    return one_task("share", [&log, name](TaskContext<>& context) -> asio::awaitable<void> {
      log.add(name);
      co_await context.async_sleep_for(5ms);
    });
  };
  DefaultRunnerConfig const config{.max_concurrent_tasks = 1, .scheduler_poll_interval = 10ms};
  auto first = start(database.url(), {by("first")}, config);
  auto second = start(database.url(), {by("second")}, config);
  auto const ran = [&](char const* name) {
    auto const lines = log.lines();
    return std::count(lines.begin(), lines.end(), name) > 0;
  };
  // Until the first one knows of the second it keeps everything for itself.
  std::size_t submitted = 0;
  for (auto const give_up = Clock::now() + patience;
       !(ran("first") && ran("second")) && Clock::now() < give_up;) {
    for (auto const& handle : first.submit_many("share", std::vector<Context>(40)))
      CHECK(wait(handle).status() == WorkflowStatus::completed);
    submitted += 40;
  }
  CHECK(ran("first"));
  CHECK(ran("second"));
  CHECK(log.lines().size() == submitted);
}

TEST_CASE("an in-memory database serves many threads", "[many]") {
  auto runner = start("sqlite::memory:", {diamond()});
  std::vector<std::future<int>> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.push_back(std::async(std::launch::async, [&] {
      int right = 0;
      for (int i = 0; i < 50; ++i) {
        auto const result = runner.execute("diamond", Context{{"n", i}});
        if (runner.status(result.id()) == WorkflowStatus::completed) ++right;
      }
      return right;
    }));
  }
  for (auto& thread : threads) CHECK(thread.get() == 50);
  CHECK(runner.list({.limit = 1'000}).size() == 200);
}

TEST_CASE("runners come and go while their bodies run", "[many][shutdown]") {
  TestDatabase database;
  std::atomic<int> completed{0};
  auto const workflow = one_task("work", [&](TaskContext<>& context) -> asio::awaitable<void> {
    co_await context.async_sleep_for(1ms);
    ++completed;
  });
  std::vector<ExecutionId> ids;
  for (int round = 0; round < 15; ++round) {
    auto runner = start(database.url(), {workflow});
    for (auto const& handle : runner.submit_many("work", std::vector<Context>(20)))
      ids.push_back(handle.id());
    if (round % 3 == 0) runner.shutdown(0ms);
  }
  auto runner = start(database.url(), {workflow}, {.scheduler_poll_interval = 10ms});
  for (auto const id : ids) CHECK(wait(runner.handle(id)).status() == WorkflowStatus::completed);
  CHECK(completed >= 300);
}

// Beyond 1 GiB a server took no message, and it was tried for ever.
TEST_CASE("what is too much for one group is written in several", "[many][large]") {
  constexpr std::size_t executions = 70;  // a group takes 64 MiB
  constexpr std::size_t bytes = 1u << 20;
  TestDatabase database;
  Gate accepted;
  auto runner = start(database.url(), {one_task("large", [&](TaskContext<>& context) {
                        accepted.pass();
                        auto const text = context.get_as<std::string>("text");
                        context.put("size", text.size());
                      })});
  std::vector<Context> inputs;
  for (std::size_t i = 0; i < executions; ++i)
    inputs.push_back(Context{{"text", std::string(bytes, 'x')}, {"n", i}});
  auto const handles = runner.submit_many("large", std::move(inputs));
  auto const raw = database.raw();
  CHECK(raw.integer("SELECT count(*) FROM workflow_executions") == executions);
  if (TestDatabase::is_postgres())  // which says by which transaction a row was written
    CHECK(raw.integer("SELECT count(DISTINCT xmin::text) FROM workflow_executions") > 1);
  accepted.open();
  for (std::size_t i = 0; i < executions; ++i) {
    auto const result = wait(handles[i]);
    CHECK(result.status() == WorkflowStatus::completed);
    CHECK(result.context().get_as<std::size_t>("size") == bytes);
    CHECK(result.context().get_as<std::size_t>("n") == i);
  }
}
