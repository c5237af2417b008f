// How the server finds the rows: by a key or a partial index, however much history there is.
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

/// Finished executions of other times, with a task, a failed attempt and a request each.
void make_history(PostgresSchema& schema, int executions) {
  auto const s = schema.name() + ".";
  auto const each = "FROM generate_series(1, " + std::to_string(executions) + ") AS n";
  // As version 7 of long ago.
  std::string const id = "(lpad(to_hex(n), 12, '0') || '7000800000000000' || '0000')::uuid";
  schema.execute("INSERT INTO " + s +
                 "workflow_executions (id, workflow, version, status, created_at, started_at,"
                 " completed_at, input, output) SELECT " +
                 id + ", 'work', 'old', 'Completed', now(), now(), now(), '{}', '{}' " + each);
  schema.execute("INSERT INTO " + s +
                 "task_executions (execution_id, task, status, started_at, completed_at) SELECT " +
                 id + ", 'only', 'Completed', now(), now() " + each);
  schema.execute("INSERT INTO " + s +
                 "task_attempts (execution_id, task, attempt, status, error, ended_at) SELECT " +
                 id + ", 'only', 1, 'Failed', 'once', now() " + each);
  schema.execute("INSERT INTO " + s +
                 "control_requests (id, execution_id, kind, requested_at, applied_at) SELECT " +
                 id + ", " + id + ", 'cancel', now(), now() " + each);
  schema.execute("VACUUM ANALYZE " + s + "workflow_executions, " + s + "task_executions, " + s +
                 "task_attempts, " + s + "control_requests");
}

/// Scans of whole tables so far, of those that grow with history. The server counts them when the
/// sessions that did them have ended.
std::string whole_scans(PostgresSchema& schema) {
  std::string scans;
  for (auto const& row :
       schema.execute("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE schemaname = '" +
                      schema.name() +
                      "' AND relname IN ('workflow_executions', 'task_executions', 'task_attempts',"
                      " 'control_requests', 'execution_inputs') ORDER BY relname"))
    scans += row[0].c_str() + std::string{": "} + row[1].c_str() + "; ";
  return scans;
}

void wait_until_counted(PostgresSchema& schema) {
  auto const sessions =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + schema.name() + "'";
  auto const give_up = Clock::now() + patience;
  while (schema.text(sessions) != "0") {
    if (Clock::now() > give_up) throw std::runtime_error{"sessions stay"};
    std::this_thread::sleep_for(5ms);
  }
}

/// Fails now and then.
Workflow now_and_then_failing(std::atomic<int>& runs) {
  return one_task("work", [&runs](TaskContext<>&) {
    if (++runs % 3 == 0) throw std::runtime_error{"now and then"};
  });
}

/// An execution whose runner is not heard of any more, with a task under way.
void leave_behind(PostgresSchema& schema) {
  std::atomic<int> runs{0};
  auto const version = now_and_then_failing(runs).version();
  auto const s = schema.name() + ".";
  schema.execute("INSERT INTO " + s +
                 "runners (id, state, lease_until, boot_id, name, host, pid, library_version,"
                 " started_at) VALUES (gen_random_uuid(), 'alive', now() - interval '1 hour', '',"
                 " 'lost', 'elsewhere', 1, '0', now())");
  schema.execute("INSERT INTO " + s +
                 "workflow_executions (id, workflow, version, status, owner, created_at,"
                 " started_at, input) SELECT gen_random_uuid(), 'work', '" +
                 version + "', 'Running', id, now(), now(), '{}' FROM " + s + "runners");
  schema.execute("INSERT INTO " + s +
                 "task_executions (execution_id, task, status, started_at) SELECT id, 'only',"
                 " 'Running', now() FROM " +
                 s + "workflow_executions WHERE owner IS NOT NULL");
}

/// Everything that runners and clients do to the tables.
void use_everything(PostgresSchema& schema) {
  std::atomic<int> runs{0};
  auto const works = now_and_then_failing(runs);
  auto const endless = one_task("endless", [](TaskContext<>& context) { context.sleep_for(1h); });
  constexpr auto lease = 600ms;
  DefaultRunnerConfig const config{.scheduler_poll_interval = 20ms, .lease = lease};
  Client client{schema.url(), registry_of({works, endless})};
  auto waiter = start(schema.url(), {}, config);
  {
    auto runner = start(schema.url(), {works, endless}, config);
    auto ids = client.submit_many("work", std::vector<Context>(50));
    auto large = Context{};
    large.put("text", std::string(5'000, 'x'));
    ids.push_back(client.submit("work", large, {.idempotency_key = "once"}));
    ids.push_back(client.submit("work", large, {.idempotency_key = "once"}));
    ids.push_back(client.submit("work", {}, {.start_after = 50ms}));
    for (auto const id : ids) CHECK(is_final(wait(waiter.handle(id)).status()));
    for (auto const& handle : runner.submit_many("work", std::vector<Context>(50)))
      CHECK(is_final(wait(handle).status()));
    auto const owned = runner.submit("endless", {});
    client.cancel(owned.id(), "enough");
    auto const left = runner.submit("endless", {});
    runner.shutdown(0ms);
    client.cancel(left.id(), "nobody's");
    CHECK(client.status(left.id()) == WorkflowStatus::cancelled);
  }
  CHECK(client.list({.limit = 20}).size() == 20);
  CHECK(client.list({.workflow = "work", .limit = 20}).size() == 20);
  CHECK(client.runners().size() == 3);
  CHECK(client.result(client.list({.limit = 1}).front().id).tasks().size() == 1);
}

}  // namespace

// Plans are kept: those that are made now must fit when there is a million of rows.
TEST_CASE("no statement reads a whole table, though it is small and nothing is known of it",
          "[plans]") {
  PostgresSchema schema;
  { Client const migrates{schema.url(), Registry{}}; }
  leave_behind(schema);
  auto const before = whole_scans(schema);
  use_everything(schema);
  wait_until_counted(schema);
  CHECK(whole_scans(schema) == before);
}

TEST_CASE("no statement reads a whole table, whatever has been before", "[plans]") {
  PostgresSchema schema;
  { Client const migrates{schema.url(), Registry{}}; }
  make_history(schema, 300'000);
  leave_behind(schema);
  auto const before = whole_scans(schema);
  use_everything(schema);
  wait_until_counted(schema);
  CHECK(whole_scans(schema) == before);
  // Reads a whole table itself.
  CHECK(schema.text("SELECT count(*) FROM " + schema.name() +
                    ".workflow_executions WHERE takeovers > 0 AND completed_at IS NOT NULL") ==
        "1");
}
