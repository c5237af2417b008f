// Runners, clients and waiters that meet in one schema, and are told of one another.
#include <algorithm>
#include <thread>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/postgres_schema.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// Nothing is found by looking: only hints can be in time.
DefaultRunnerConfig const told{.scheduler_poll_interval = 60s};

Workflow counting(std::atomic<int>& runs) {
  return one_task("work", [&runs](TaskContext<>&) { ++runs; });
}

/// The first hint comes when the listener is connected; until then nothing is told.
void wait_until_listening(PostgresSchema& schema, int listeners) {
  auto const give_up = Clock::now() + patience;
  auto const count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" +
                     schema.name() + "' AND (query LIKE 'LISTEN %' OR query LIKE 'NOTIFY %')";
  while (std::stoi(schema.text(count)) < listeners) {
    if (Clock::now() > give_up) throw std::runtime_error{"nobody listens"};
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace

TEST_CASE("a client's submission wakes a runner, and its end a waiter elsewhere",
          "[fleet][hints]") {
  PostgresSchema schema;
  std::atomic<int> runs{0};
  auto runner = start(schema.url(), {counting(runs)}, told);
  auto waiter = start(schema.url(), {}, told);
  Client client{schema.url(), registry_of({counting(runs)})};
  wait_until_listening(schema, 3);
  std::vector<Clock::duration> took;
  for (int i = 0; i < 21; ++i) {
    auto const begun = Clock::now();
    auto const id = client.submit("work", {});
    CHECK(wait(waiter.handle(id)).status() == WorkflowStatus::completed);
    took.push_back(Clock::now() - begun);
  }
  CHECK(runs == 21);
  std::sort(took.begin(), took.end());
  CAPTURE(std::chrono::duration_cast<std::chrono::milliseconds>(took.back()).count());
  CHECK(took[took.size() / 2] < 200ms);  // there is no poll in it
}

TEST_CASE("a cancellation by a client reaches the owner at once", "[fleet][hints][cancel]") {
  PostgresSchema schema;
  Gate begun;
  auto const slow = one_task("slow", [&](TaskContext<>& context) {
    begun.open();
    context.sleep_for(1h);
  });
  auto runner = start(schema.url(), {slow}, told);
  Client client{schema.url(), registry_of({slow})};
  wait_until_listening(schema, 2);
  auto const handle = runner.submit("slow", {});
  begun.pass();
  CHECK(time_of([&] { client.cancel(handle.id(), "enough"); }) < 10s);
  CHECK(wait(handle).error() == "cancelled: enough");
}

TEST_CASE("what a runner gives back at its shutdown goes on elsewhere at once",
          "[fleet][hints][shutdown]") {
  PostgresSchema schema;
  std::atomic<bool> first{true};
  Gate begun;
  auto const workflow = one_task("long", [&](TaskContext<>& context) {
    if (!first.exchange(false)) return;
    begun.open();
    context.sleep_for(1h);
  });
  auto leaving = start(schema.url(), {workflow}, told);
  auto staying = start(schema.url(), {workflow}, told);
  wait_until_listening(schema, 2);
  auto const id = leaving.submit("long", {}).id();
  begun.pass();
  leaving.shutdown(0ms);
  CHECK(wait(staying.handle(id)).status() == WorkflowStatus::completed);
}

TEST_CASE("each runner takes only what it knows", "[fleet]") {
  PostgresSchema schema;
  auto const named = [](std::string name) {
    return one_task(std::move(name), [](TaskContext<>&) {});
  };
  auto left = start(schema.url(), {named("left")});
  auto right = start(schema.url(), {named("right")});
  Client client{schema.url(), registry_of({named("left"), named("right"), named("nobody's")})};
  auto const nobodys = client.submit("nobody's", {});
  std::vector<ExecutionId> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(client.submit("left", {}));
    ids.push_back(client.submit("right", {}));
  }
  for (auto const id : ids) CHECK(wait(left.handle(id)).status() == WorkflowStatus::completed);
  CHECK(client.status(nobodys) == WorkflowStatus::pending);
}

TEST_CASE("tenants in schemas of their own do not see each other", "[fleet][tenants]") {
  PostgresSchema one;
  PostgresSchema other;
  std::atomic<int> runs_of_one{0};
  std::atomic<int> runs_of_other{0};
  auto first = start(one.url(), {counting(runs_of_one)});
  auto second = start(other.url(), {counting(runs_of_other)});
  auto const id = first.submit("work", {}).id();
  CHECK(wait(first.handle(id)).status() == WorkflowStatus::completed);
  CHECK(runs_of_one == 1);
  CHECK(runs_of_other == 0);
  CHECK_THROWS_AS(second.status(id), ExecutionNotFound);
  CHECK(second.list().empty());
  CHECK(second.runners().size() == 1);
}

TEST_CASE("a fleet without LISTEN and without prepared statements works by its polls",
          "[fleet][bare]") {
  PostgresSchema schema;
  std::atomic<int> runs{0};
  auto const bare = schema.url("listen=false&prepare=false");
  auto runner = start(bare, {counting(runs)}, {.scheduler_poll_interval = 20ms});
  auto other = start(bare, {counting(runs)}, {.scheduler_poll_interval = 20ms});
  Client client{bare, registry_of({counting(runs)})};
  for (auto const id : client.submit_many("work", std::vector<Context>(100)))
    CHECK(wait(other.handle(id)).status() == WorkflowStatus::completed);
  CHECK(runs == 100);
}
