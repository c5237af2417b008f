// Cancelling what waits, what runs, what has ended and what is not there.
#include <future>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

#include "backend/database.hpp"
#include "runner/client_session.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

TEST_CASE("one that waits for its time is cancelled and never runs", "[cancel]") {
  TestDatabase database;
  std::atomic<int> runs{0};
  auto runner = start(database.url(), {one_task("work", [&](TaskContext<>&) { ++runs; })});
  auto const handle = runner.submit("work", {}, {.start_after = 50ms});
  handle.cancel({"changed my mind\0\xff", 17});
  auto const result = wait(handle);
  CHECK(result.status() == WorkflowStatus::cancelled);
  CHECK_THAT(result.error(), Catch::Contains("changed my mind"));
  CHECK_THROWS_AS(result.value(), ExecutionCancelled);
  CHECK(result.task("only").status == TaskStatus::cancelled);
  CHECK(wait(runner.submit("work", {}, {.start_after = 100ms})).status() ==
        WorkflowStatus::completed);
  CHECK(runs == 1);
}

TEST_CASE("a long reason is cut at 8 KiB, between characters", "[cancel]") {
  TestDatabase database;
  auto runner = start(database.url(), {one_task("work", [](TaskContext<>&) {})});
  auto const handle = runner.submit("work", {}, {.start_after = 1h});
  std::string reason;
  while (reason.size() < 1'000'000) reason += "€";  // three bytes: 8 192 falls between two
  handle.cancel(reason);
  auto const error = wait(handle).error();
  std::string const kept{"cancelled: "};
  CHECK(error.size() <= kept.size() + 8'192);
  CHECK(error.size() > kept.size() + 8'192 - 3);
  CHECK(error.starts_with(kept + "€"));
  CHECK(error.ends_with("€…"));
}

TEST_CASE("a running body gets its stop token, and what it returns is dropped", "[cancel]") {
  auto const coroutine = GENERATE(false, true);
  CAPTURE(coroutine);
  TestDatabase database;
  Gate begun;
  std::promise<bool> stopped;
  auto const note = [&](TaskContext<>& context) {
    context.put("too", "late");
    stopped.set_value(context.stop_token().stop_requested());
  };
  TaskFunction const synchronous = [&](TaskContext<>& context) {
    begun.open();
    try {
      context.sleep_for(1h);
    } catch (TaskError const&) {
      note(context);
    }
  };
  TaskFunction const asynchronous = [&](TaskContext<>& context) -> asio::awaitable<void> {
    begun.open();
    bool ended = false;
    try {
      co_await context.async_sleep_for(1h);
    } catch (TaskError const&) {
      ended = true;
    }
    if (ended) note(context);
  };
  auto const workflow = WorkflowBuilder{"work"}
                            .task("long", coroutine ? asynchronous : synchronous)
                            .task("after", {"long"}, [](TaskContext<>&) {})
                            .build();
  auto runner = start(database.url(), {workflow});
  auto const handle = runner.submit("work", {});
  begun.pass();
  runner.cancel(handle.id(), "enough");
  CHECK(runner.status(handle.id()) == WorkflowStatus::cancelled);
  auto const result = wait(handle);
  CHECK(result.status() == WorkflowStatus::cancelled);
  CHECK(result.task("long").status == TaskStatus::cancelled);
  CHECK(result.task("after").status == TaskStatus::cancelled);
  CHECK_FALSE(result.context().contains("too"));
  auto heard = stopped.get_future();
  REQUIRE(heard.wait_for(patience) == std::future_status::ready);
  CHECK(heard.get());
}

TEST_CASE("what completed before a cancel is kept", "[cancel]") {
  TestDatabase database;
  Gate begun;
  auto const workflow = WorkflowBuilder{"work"}
                            .task("first", [](TaskContext<>& context) { context.put("kept", 1); })
                            .task("long", {"first"},
                                  [&](TaskContext<>& context) {
                                    begun.open();
                                    context.sleep_for(1h);
                                  })
                            .build();
  auto runner = start(database.url(), {workflow});
  auto const handle = runner.submit("work", {});
  begun.pass();
  handle.cancel();
  auto const result = wait(handle);
  CHECK(result.task("first").status == TaskStatus::completed);
  CHECK(result.context().get("kept") == 1);
}

TEST_CASE("one that has ended, or is not there, is not cancelled", "[cancel]") {
  TestDatabase database;
  auto runner = start(database.url(), {one_task("work", [](TaskContext<>&) {})});
  auto const handle = runner.submit("work", {});
  CHECK(wait(handle).status() == WorkflowStatus::completed);
  CHECK_THROWS_WITH(handle.cancel(), Catch::Contains("Completed"));
  CHECK_THROWS_AS(handle.cancel(), StateError);
  auto const unknown = ExecutionId::parse("0192f0c1-0000-7000-8000-000000000000");
  CHECK_THROWS_AS(runner.cancel(unknown), ExecutionNotFound);

  auto const twice = runner.submit("work", {}, {.start_after = 1h});
  twice.cancel();
  CHECK_THROWS_WITH(twice.cancel(), Catch::Contains("Cancelled"));
}

TEST_CASE("a waiting task is cancelled between its attempts", "[cancel]") {
  struct Failed : Observer {
    Gate stored;
    void on_task(ExecutionId, std::string_view, std::string_view, TaskStatus status, std::uint32_t,
                 std::string_view, Instant) override {
      if (status == TaskStatus::ready) stored.open();
    }
  };
  TestDatabase database;
  auto const failed = std::make_shared<Failed>();
  std::atomic<int> attempts{0};
  auto const body = [&](TaskContext<>&) {
    ++attempts;
    throw TransientError{"later"};
  };
  auto runner = start(database.url(), {one_task("work", body, {.retry = {.initial_delay = 60s}})},
                      {}, failed);
  auto const handle = runner.submit("work", {});
  failed->stored.pass();
  handle.cancel();
  auto const result = wait(handle);
  CHECK(result.status() == WorkflowStatus::cancelled);
  CHECK(attempts == 1);
  CHECK_THAT(result.task("only").error, Catch::Contains("later"));
}

TEST_CASE("a client cancels what nobody owns, and what somebody does", "[cancel][client]") {
  TestDatabase database;
  Gate gate;
  auto const workflow = one_task("work", [&](TaskContext<>&) { gate.pass(); });
  Client client{database.url(), registry_of({workflow})};
  auto const id = client.submit("work", {});
  CHECK(client.status(id) == WorkflowStatus::pending);
  client.cancel(id, "nobody wants it");
  CHECK(client.status(id) == WorkflowStatus::cancelled);
  CHECK(client.result(id).task("only").status == TaskStatus::cancelled);
  CHECK_THROWS_AS(client.cancel(id), StateError);

  auto runner = start(database.url(), {workflow});
  auto const owned = runner.submit("work", {});
  gate.wait_for_arrivals(1);
  client.cancel(owned.id(), "not this one either");
  CHECK(client.status(owned.id()) == WorkflowStatus::cancelled);
  CHECK(wait(owned).error() == "cancelled: not this one either");
  gate.open();
  auto const done = runner.submit("work", {});
  CHECK(wait(done).status() == WorkflowStatus::completed);
  CHECK_THROWS_WITH(client.cancel(done.id()), Catch::Contains("is Completed"));
}

TEST_CASE("a runner cancels what another one owns", "[cancel]") {
  TestDatabase database;
  Gate begun;
  auto const slow = one_task("slow", [&](TaskContext<>& context) {
    begun.open();
    context.sleep_for(1h);
  });
  auto owner = start(database.url(), {slow});
  auto other = start(database.url(), {slow});
  auto const handle = owner.submit("slow", {});
  begun.pass();
  auto const seen = other.handle(handle.id());
  CHECK(time_of([&] { other.cancel(handle.id(), "from afar"); }) < 5s);
  CHECK(wait(handle).error() == "cancelled: from afar");
  CHECK(wait(seen).status() == WorkflowStatus::cancelled);
  CHECK_THROWS_WITH(other.cancel(handle.id()), Catch::Contains("is Cancelled"));
}

TEST_CASE("a request whose owner is gone is applied by who looks next", "[cancel]") {
  TestDatabase database;
  auto const workflow = one_task("work", [](TaskContext<>&) {});
  Client client{database.url(), registry_of({workflow})};
  auto const id = client.submit("work", {}, {.start_after = 1h});
  auto raw = database.raw();
  raw.execute(
      "INSERT INTO control_requests (id, execution_id, kind, payload, requested_at)"
      " SELECT randomblob(16), id, 'cancel', 'cancelled: too late to be heard', 1"
      " FROM workflow_executions",
      "INSERT INTO control_requests (id, execution_id, kind, payload, requested_at)"
      " SELECT gen_random_uuid(), id, 'cancel', 'cancelled: too late to be heard', now()"
      " FROM workflow_executions");
  auto runner = start(database.url(), {workflow});
  CHECK(wait(runner.handle(id)).error() == "cancelled: too late to be heard");
}

TEST_CASE("a cancellation whose answer is lost is made once, and no error", "[cancel][client]") {
  auto const point = GENERATE(as<std::string>{}, "commit.before", "commit.after");
  auto const times = GENERATE(1, 3);
  CAPTURE(point, times);
  TestDatabase place;
  Client client{place.url(), registry_of({one_task("work", [](TaskContext<>&) {})})};
  auto const id = client.submit("work", {});
  int lost = 0;
  backend::OpenOptions options;
  options.fault = [&](std::string_view at) {
    if (at == point && lost < times) {
      ++lost;
      throw backend::SessionError{backend::Failure::unknown, "injected", "SQLITE_IOERR"};
    }
  };
  auto const database =
      backend::Database::open(DatabaseUrl::parse(place.url()), std::move(options));
  detail::ClientSession session{*database, Environment::system()};
  session.cancel(id, "once");
  CHECK(lost == (point == "commit.after" ? 1 : times));  // the next try sees that it is done
  CHECK(client.result(id).error() == "cancelled: once");
  // Who asks a second time is told that it is done, even word for word.
  CHECK_THROWS_WITH(session.cancel(id, "once"), Catch::Contains("is Cancelled"));
}

TEST_CASE("a client whose answer is lost does not take another's cancellation for its own",
          "[cancel][client]") {
  TestDatabase place;
  Client client{place.url(), registry_of({one_task("work", [](TaskContext<>&) {})})};
  auto const id = client.submit("work", {});
  bool lost = false;
  backend::OpenOptions options;
  options.fault = [&](std::string_view at) {
    if (at == "commit.before" && !std::exchange(lost, true))
      throw backend::SessionError{backend::Failure::unknown, "injected", "SQLITE_IOERR"};
    if (at == "begin" && lost && client.status(id) == WorkflowStatus::pending)
      client.cancel(id, "once");
  };
  auto const database =
      backend::Database::open(DatabaseUrl::parse(place.url()), std::move(options));
  detail::ClientSession session{*database, Environment::system()};
  CHECK_THROWS_AS(session.cancel(id, "once"), StateError);
  CHECK(lost);
}

TEST_CASE("a runner hears of the end of what a client cancelled", "[cancel][client]") {
  TestDatabase place;
  auto const workflow = one_task("work", [](TaskContext<>&) {});
  Client client{place.url(), registry_of({workflow})};
  auto runner = start(place.url(), {workflow}, {.scheduler_poll_interval = 10ms});
  auto const id = client.submit("work", {}, {.start_after = 1h});
  auto const handle = runner.handle(id);
  client.cancel(id);
  CHECK(wait(handle).status() == WorkflowStatus::cancelled);
}

TEST_CASE("a client whose patience ends after a lost answer says that it may be stored",
          "[cancel][client]") {
  TestDatabase place;
  Client client{place.url(), registry_of({one_task("work", [](TaskContext<>&) {})})};
  auto const id = client.submit("work", {});
  auto environment = Environment::system();
  std::chrono::nanoseconds now{0};
  environment.monotonic = [&now] { return now; };
  bool lost = false;
  backend::OpenOptions options;
  options.fault = [&](std::string_view at) {
    if (at == "commit.after" && !std::exchange(lost, true))
      throw backend::SessionError{backend::Failure::unknown, "injected", "SQLITE_IOERR"};
    if (at != "begin" || !lost) return;
    now = 31s;
    throw backend::SessionError{backend::Failure::broken, "injected again", "SQLITE_IOERR"};
  };
  auto const database =
      backend::Database::open(DatabaseUrl::parse(place.url()), std::move(options));
  detail::ClientSession session{*database, environment};
  CHECK_THROWS_WITH(session.cancel(id, "once"), Catch::Contains("it is not known whether"));
  CHECK(client.result(id).error() == "cancelled: once");
}
