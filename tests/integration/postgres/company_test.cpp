// How the runners of a fleet get along: they share the work, whatever their clocks say, tell of
// what nobody can do, and leave when their library is too old.
#include <algorithm>
#include <array>
#include <thread>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/captured_log.hpp"
#include "support/catch.hpp"
#include "support/postgres_schema.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// Waits until a query's answer is this one.
void wait_for(PostgresSchema& schema, std::string const& sql, std::string const& wanted) {
  auto const give_up = Clock::now() + patience;
  while (schema.text(sql) != wanted) {
    if (Clock::now() > give_up) throw std::runtime_error{"still " + schema.text(sql) + ": " + sql};
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace

TEST_CASE("four runners with equal slots end up with equal shares of the work",
          "[fleet][fairness]") {
  constexpr std::size_t runners = 4;
  constexpr int executions = 2'000;
  PostgresSchema schema;
  std::array<std::atomic<int>, runners> ended{};
  auto const shared = [](std::atomic<int>& count) {
    return one_task("shared", [&count](TaskContext<>& context) {
      context.sleep_for(10ms);
      ++count;
    });
  };
  std::vector<DefaultRunner> fleet;
  for (auto& count : ended)
    fleet.push_back(start(schema.url(), {shared(count)}, {.max_concurrent_tasks = 4}));
  Client client{schema.url(), registry_of({shared(ended[0])})};
  wait_for(schema,
           "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + schema.name() +
               "' AND (query LIKE 'LISTEN %' OR query LIKE 'NOTIFY %')",
           std::to_string(runners + 1));
  for (int i = 0; i < executions / 1'000; ++i)
    (void)client.submit_many("shared", std::vector<Context>(1'000));
  wait_for(
      schema,
      "SELECT count(*) FROM " + schema.name() + ".workflow_executions WHERE status = 'Completed'",
      std::to_string(executions));
  for (auto const& count : ended) {
    CAPTURE(ended[0], ended[1], ended[2], ended[3]);
    CHECK(count >= executions / 4 * 80 / 100);
    CHECK(count <= executions / 4 * 120 / 100);
  }
}

TEST_CASE("a machine whose clock is an hour fast or slow takes nothing over and loses nothing",
          "[fleet][clock]") {
  constexpr auto lease = 600ms;
  PostgresSchema schema;
  std::atomic<int> runs{0};
  auto const workflow = one_task("work", [&runs](TaskContext<>& context) {
    context.sleep_for(20ms);
    ++runs;
  });
  std::vector<DefaultRunner> fleet;
  for (auto const off : {-1h, 0h, 1h}) {
    auto environment = Environment::system();
    environment.now = [off, now = environment.now] { return now() + off; };
    auto builder = DefaultRunner::builder();
    builder.database_url(schema.url())
        .registry(registry_of({workflow}))
        .config({.scheduler_poll_interval = 50ms, .lease = lease})
        .environment(environment);
    fleet.push_back(builder.build());
  }
  // Longer than a lease, so that each would have been judged by the others.
  auto const end = Clock::now() + 4 * lease;
  int submitted = 0;
  while (Clock::now() < end) {
    std::vector<ExecutionHandle> handles;
    for (auto& runner : fleet) handles.push_back(runner.submit("work", {}));
    submitted += static_cast<int>(handles.size());
    for (auto const& handle : handles) CHECK(wait(handle).status() == WorkflowStatus::completed);
  }
  CHECK(runs == submitted);
  auto const of = [&](std::string const& rest) {
    return schema.text("SELECT count(*) FROM " + schema.name() + "." + rest);
  };
  CHECK(of("runners WHERE state = 'alive'") == "3");
  CHECK(of("runners WHERE state = 'dead'") == "0");
  CHECK(of("workflow_executions WHERE takeovers > 0") == "0");
}

TEST_CASE("executions that no runner knows stay Pending, and the log names them once",
          "[fleet][log]") {
  CapturedLog const log;
  PostgresSchema schema;
  auto const known = one_task("known", [](TaskContext<>&) {});
  auto const strange = one_task("strange", [](TaskContext<>&) {});
  Client client{schema.url(), registry_of({known, strange})};
  auto const id = client.submit("strange", {});
  (void)client.submit("strange", {});
  constexpr auto lease = 300ms;
  auto runner = start(schema.url(), {known},
                      {.scheduler_poll_interval = 10ms, .lease = lease, .runner_name = "lonely"});
  auto const wanted = "workflow 'strange' version " + strange.version() + " wait, 2 of them";
  auto const give_up = Clock::now() + patience;
  while (log.count(wanted) == 0 && Clock::now() < give_up) std::this_thread::sleep_for(5ms);
  // Looked for again with each lease.
  auto const later = Clock::now() + 4 * lease;
  while (Clock::now() < later)
    CHECK(wait(runner.submit("known", {})).status() == WorkflowStatus::completed);
  CHECK(log.count(wanted) == 1);
  CHECK(log.count("alive: lonely (") == 1);
  CHECK(log.count("'known'") == 0);
  CHECK(client.status(id) == WorkflowStatus::pending);
}

TEST_CASE("a runner whose schema a newer library has changed gives its work back and says why",
          "[fleet][upgrade]") {
  CapturedLog const log;
  PostgresSchema schema;
  Gate begun;
  auto const workflow = one_task("long", [&](TaskContext<>& context) {
    begun.open();
    context.sleep_for(1h);
  });
  auto runner = start(schema.url(), {workflow}, {.scheduler_poll_interval = 20ms});
  auto const handle = runner.submit("long", {});
  begun.pass();
  schema.execute("INSERT INTO " + schema.name() +
                 ".schema_migrations (version, name, sha256) VALUES (1000, 'newer', 'x')");
  CHECK_THROWS_WITH(wait(handle), Catch::Contains("schema version 1000") &&
                                      Catch::Contains("start this one again"));
  CHECK_THROWS_AS(runner.submit("long", {}), RunnerStopped);
  CHECK(schema.text("SELECT count(*) FROM " + schema.name() +
                    ".workflow_executions WHERE owner IS NULL AND status = 'Running'") == "1");
  CHECK(schema.text("SELECT state FROM " + schema.name() + ".runners") == "stopped");
  CHECK(log.count("the runner has stopped") == 1);
  CHECK_THROWS_WITH(start(schema.url(), {workflow}), Catch::Contains("schema version 1000"));
}
