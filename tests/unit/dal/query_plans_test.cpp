#include <array>

#include "dal/batch.hpp"
#include "dal/runners.hpp"
#include "dal/task_attempts.hpp"
#include "dal/task_executions.hpp"
#include "dal/workflow_definitions.hpp"
#include "dal/workflow_executions.hpp"
#include "support/catch.hpp"
#include "unit/dal/traced_statements.hpp"

using namespace cloacina;
using namespace cloacina::test;

namespace {

constexpr std::string_view known = R"(["orders@1"])";
constexpr dal::RunnerId me{{0xaa, 1}};
constexpr std::chrono::seconds lease{15};
Instant const now{std::chrono::seconds{1'700'000'000}};

struct Fixture {
  ScratchDirectory directory;
  TracedStatements traced;
  std::unique_ptr<backend::Database> database =
      backend::Database::open(DatabaseUrl::parse(directory.sqlite_url()));
  std::unique_ptr<backend::Session> session = database->open_writer();

  Fixture() {
    dal::RunnerRow row;
    row.id = me;
    row.workflows = known;
    dal::register_runner(*database, *session, row, lease,
                         {{"orders", "1", R"({"tasks":[{"id":"load"}]})"}});
    traced.clear();
  }

  /// The plans of all that ran since, without what has no plan.
  [[nodiscard]] std::vector<std::string> plans() const {
    std::vector<std::string> result;
    auto const path = (directory.path() / "test.db").string();
    for (auto const& sql : traced.texts()) {
      if (sql == "BEGIN IMMEDIATE" || sql == "COMMIT" || sql == "ROLLBACK") continue;
      for (auto const& line : plan_of(path, sql)) result.push_back(line + "   <- " + sql);
    }
    return result;
  }

  /// No line reads a whole table: lists in parameters (json_each) and rows that a statement made
  /// itself are short.
  void check_without_scans() const {
    REQUIRE_FALSE(traced.texts().empty());
    for (auto const& line : plans()) {
      CAPTURE(line);
      bool const scan = line.starts_with("SCAN ");
      bool const short_list =
          line.starts_with("SCAN json_each") || line.starts_with("SCAN (subquery") ||
          line.starts_with("SCAN owners") || line.starts_with("SCAN CONSTANT ROW") ||
          line.starts_with("SCAN d VIRTUAL TABLE") ||
          line.find("INDEX control_requests_waiting") != std::string::npos;  // of what waits
      CHECK((!scan || short_list));
    }
  }

  [[nodiscard]] bool uses(std::string const& part) const {
    for (auto const& line : plans())
      if (line.find(part) != std::string::npos) return true;
    return false;
  }
};

ExecutionId id_of(std::uint64_t number) { return {0x0192f0c100007000ull, number}; }

dal::Batch full_batch() {
  dal::Batch batch;
  dal::ExecutionInsert insert;
  insert.id = id_of(1);
  insert.workflow = "orders";
  insert.version = "1";
  insert.input = "{}";
  batch.inserts = {insert};
  dal::TaskWrite task;
  task.execution = id_of(1);
  task.task = "load";
  batch.tasks = {task};
  dal::AttemptInsert attempt;
  attempt.execution = id_of(1);
  attempt.task = "load";
  attempt.status = "Failed";
  batch.attempts = {attempt};
  dal::ExecutionUpdate update;
  update.id = id_of(1);
  batch.updates = {update, update};
  batch.updates[1].release = true;
  batch.updates[1].completed_at = now;
  return batch;
}

}  // namespace

TEST_CASE("the trace sees statements, and a scan is recognised", "[dal][plans]") {
  static constexpr backend::Statement scan{.name = "scan",
                                           .sqlite = "SELECT input FROM {s}.workflow_executions"};
  Fixture fixture;
  (void)fixture.session->query(scan);
  REQUIRE(fixture.traced.texts().size() == 1);
  REQUIRE(fixture.plans().size() == 1);
  CHECK_THAT(fixture.plans()[0], Catch::StartsWith("SCAN workflow_executions"));
}

TEST_CASE("what a batch writes is found by its key", "[dal][plans]") {
  Fixture fixture;
  auto const outcome =
      dal::commit(*fixture.database, *fixture.session, {me, 1, lease}, full_batch());
  REQUIRE(std::holds_alternative<dal::Committed>(outcome));
  fixture.check_without_scans();
  CHECK(fixture.uses("SEARCH runners USING PRIMARY KEY (id=?)"));
  CHECK(fixture.uses("SEARCH workflow_executions USING PRIMARY KEY (id=?)"));
}

TEST_CASE("a claim reads the queue in its order and what is delayed by time", "[dal][plans]") {
  Fixture fixture;
  dal::Batch batch;
  batch.claim = {.limit = 10, .now = now, .known = known};
  REQUIRE(std::holds_alternative<dal::Committed>(
      dal::commit(*fixture.database, *fixture.session, {me, 1, lease}, batch)));
  for (auto const& line : fixture.plans()) {
    CAPTURE(line);
    // The queue is an index that holds unowned rows only, and is read up to the limit.
    bool const scan_of_history = line.starts_with("SCAN workflow_executions") &&
                                 line.find("USING INDEX executions_unowned") == std::string::npos;
    CHECK_FALSE(scan_of_history);
  }
  CHECK(fixture.uses("INDEX executions_unowned"));
  CHECK(
      fixture.uses("SEARCH workflow_executions USING INDEX executions_delayed (start_after>? AND "
                   "start_after<?)"));
}

TEST_CASE("looking around costs what is waiting, not what is finished", "[dal][plans]") {
  Fixture fixture;
  (void)dal::look_around(*fixture.database, *fixture.session, me, now, known);
  for (auto const& line : fixture.plans()) {
    CAPTURE(line);
    bool const whole_table = line.starts_with("SCAN ") &&
                             line.find("json_each") == std::string::npos &&
                             line.find("INDEX executions_unowned") == std::string::npos &&
                             line.find("INDEX runners_alive") == std::string::npos &&
                             line.find("CONSTANT ROW") == std::string::npos;
    CHECK_FALSE(whole_table);
  }
  CHECK(fixture.uses("INDEX executions_unowned"));
  CHECK(fixture.uses("INDEX executions_delayed"));
  CHECK(fixture.uses("INDEX runners_alive"));
}

TEST_CASE("a takeover goes through the owner's index", "[dal][plans]") {
  Fixture fixture;
  dal::RunnerRow other;
  other.id = {{0xaa, 2}};
  other.workflows = "[]";
  dal::register_runner(*fixture.database, *fixture.session, other, std::chrono::seconds{-1}, {});
  dal::Batch batch;
  batch.inserts = full_batch().inserts;
  REQUIRE(std::holds_alternative<dal::Committed>(dal::commit(
      *fixture.database, *fixture.session, {other.id, 1, std::chrono::seconds{-1}}, batch)));
  fixture.traced.clear();
  auto const result = dal::take_over(*fixture.database, *fixture.session, {me, 1, lease}, now, 5,
                                     [] { return true; });
  REQUIRE(result.executions == 1);
  CHECK(fixture.uses("SEARCH e USING COVERING INDEX executions_owned (owner=?)"));
  CHECK(fixture.uses("SEARCH t USING PRIMARY KEY (execution_id=?)"));
  for (auto const& line : fixture.plans()) {
    CAPTURE(line);
    bool const scan_of_history = line.starts_with("SCAN workflow_executions") ||
                                 line.starts_with("SCAN e") || line.starts_with("SCAN t");
    CHECK_FALSE(scan_of_history);
  }
}

TEST_CASE("reads go by the key or a partial index", "[dal][plans]") {
  Fixture fixture;
  (void)dal::find_execution(*fixture.session, id_of(1));
  (void)dal::find_by_idempotency_key(*fixture.session, "orders", "key");
  (void)dal::owned_executions(*fixture.session, me);
  (void)dal::existing_executions(*fixture.database, *fixture.session, {id_of(1)});
  (void)dal::list_executions(*fixture.session,
                             {.workflow = "orders", .status = {}, .limit = 1, .after = id_of(9)});
  (void)dal::tasks_of(*fixture.session, id_of(1));
  (void)dal::attempts_of(*fixture.session, id_of(1));
  (void)dal::find_definition(*fixture.session, "orders", "1");
  (void)dal::read_runner(*fixture.session, me);
  CHECK(fixture.traced.texts().size() == 9);
  fixture.check_without_scans();
  CHECK(fixture.uses("INDEX executions_owned (owner=?)"));
  CHECK(fixture.uses("INDEX executions_idempotency_key"));
}

TEST_CASE("a client's insert and cancel go by the key", "[dal][plans]") {
  Fixture fixture;
  (void)dal::insert_unowned(*fixture.database, *fixture.session, full_batch().inserts);
  dal::CancelAsk const ask{
      .request = id_of(77), .execution = id_of(1), .reason = "reason", .now = now};
  CHECK(dal::ask_to_cancel(*fixture.session, ask).kind == dal::CancelAnswer::Kind::applied);
  (void)dal::answer_to(*fixture.session, id_of(77));
  fixture.check_without_scans();
}

TEST_CASE("a renewal of the lease touches no index", "[dal][plans]") {
  // The fence is part of every transaction: an index on what it changes would be written with it.
  Fixture fixture;
  static constexpr backend::Statement indexes{.name = "indexes",
                                              .sqlite =
                                                  "SELECT group_concat(i.name || '(' || c.name || "
                                                  "')') FROM pragma_index_list('runners') AS i"
                                                  " JOIN pragma_index_info(i.name) AS c"};
  auto const text = fixture.session->query(indexes).text(0, 0);
  CHECK_THAT(text, Catch::Contains("runners_alive(id)"));
  CHECK_THAT(text, !Catch::Contains("lease_until") && !Catch::Contains("commit_seq"));
}
