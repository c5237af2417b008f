// Sessions that are ended, and a server that says nothing: what was promised holds.
#include <thread>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "backend/database.hpp"
#include "support/catch.hpp"
#include "support/postgres_schema.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// Ends all sessions that know the schema: those of the runners under test.
int terminate_sessions(PostgresSchema& schema) {
  return std::stoi(schema.text(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '" +
      schema.name() + "'"));
}

}  // namespace

TEST_CASE("sessions that are ended again and again lose nothing and are no caller's trouble",
          "[outage]") {
  PostgresSchema schema;
  std::atomic<int> runs{0};
  auto const chain =
      WorkflowBuilder{"chain"}
          .task("a", [&](TaskContext<>& context) { context.put("a", ++runs); })
          .task("b", {"a"}, [&](TaskContext<>& context) { context.put("b", ++runs); })
          .build();
  auto runner = start(schema.url(), {chain});
  std::atomic<bool> done{false};
  std::atomic<int> ended{0};
  std::thread killer{[&] {
    while (!done) {
      ended += terminate_sessions(schema);
      std::this_thread::sleep_for(150ms);  // some of them get something done
    }
  }};
  int submitted = 0;
  int completed = 0;
  while (ended < 20) {
    auto handles = runner.submit_many("chain", std::vector<Context>(50));
    submitted += 50;
    for (auto const& handle : handles)
      if (wait(handle).status() == WorkflowStatus::completed) ++completed;
  }
  done = true;
  killer.join();
  CHECK(completed == submitted);
  CHECK(schema.text("SELECT count(*) FROM " + schema.name() +
                    ".task_executions WHERE status = 'Completed'") ==
        std::to_string(2 * submitted));
  CHECK(schema.text("SELECT count(*) FROM " + schema.name() +
                    ".workflow_executions WHERE status = 'Completed'") ==
        std::to_string(submitted));
  runner.shutdown(5s);
  auto const left =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + schema.name() + "'";
  auto const give_up = Clock::now() + patience;
  { auto const gone = std::move(runner); }
  while (schema.text(left) != "0" && Clock::now() < give_up) std::this_thread::sleep_for(5ms);
  CHECK(schema.text(left) == "0");
}

TEST_CASE("who opens a database does not wait for a table that somebody holds as for a migration",
          "[outage]") {
  PostgresSchema schema;
  Client const first{schema.url(), Registry{}};
  pqxx::connection holder{PostgresSchema::server_url()};
  pqxx::work transaction{holder};
  transaction.exec("LOCK TABLE " + schema.name() + ".schema_migrations");
  auto const begun = Clock::now();
  CHECK_THROWS_AS((Client{schema.url(), Registry{}}), BackendError);
  CHECK(Clock::now() - begun < patience);
}

// It borrowed another connection, began a transaction there, and gave it back open: the next one to
// borrow it was told that a commit was made which was not.
TEST_CASE("a borrowed connection that is lost inside a transaction ends its session", "[outage]") {
  PostgresSchema schema;
  auto const url = DatabaseUrl::parse(schema.url());
  backend::OpenOptions options;
  options.max_writers = 2;
  options.server = backend::share_server(url, options);
  auto const database = backend::Database::open(url, options);
  static constexpr backend::Statement state{
      .name = "state", .sqlite = {}, .postgres = "SELECT count(*) FROM {s}.runners"};

  auto const lost = database->open_writer();
  lost->begin();
  CHECK(terminate_sessions(schema) > 0);
  CHECK_THROWS_AS(lost->query(state), backend::SessionError);
  CHECK(lost->broken());
  lost->rollback();
  CHECK_THROWS_AS(lost->begin(), backend::SessionError);
  CHECK_THROWS_AS(lost->query(state), backend::SessionError);

  auto const idle =
      "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND "
      "application_name = '" +
      schema.name() + "'";
  for (int i = 0; i < 3; ++i) {
    auto const next = database->open_writer();
    next->begin();
    CHECK(next->query(state).integer(0, 0) == 0);
    next->rollback();
    CHECK(schema.text(idle) == "0");
  }
}
