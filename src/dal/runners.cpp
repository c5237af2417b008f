#include "dal/runners.hpp"

#include <array>

#include "dal/columns.hpp"
#include "dal/sql_text.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

// R8: after a try whose answer was lost the row may be there; then the lease begins anew.
constexpr char unless_it_is_there[] = R"sql(
      ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until WHERE r.state = 'alive')sql";
constexpr auto insert_runner_sql = join(R"sql(
      INSERT INTO {s}.runners AS r (id, state, commit_seq, lease_until, boot_id, name, host, pid,
      library_version, started_at)
      VALUES ($1, 'alive', 0, $2, $3, $4, $5, $6, $7, $8))sql",
                                        unless_it_is_there);
constexpr auto insert_runner_postgres = join(R"sql(
      INSERT INTO {s}.runners AS r (id, state, commit_seq, lease_until, boot_id, name, host, pid,
      library_version, started_at)
      VALUES ($1, 'alive', 0, clock_timestamp() + $2 * interval '1 microsecond', $3, $4, $5, $6, $7,
        $8))sql",
                                             unless_it_is_there);
constexpr Statement insert_runner{
    .name = "insert_runner", .sqlite = insert_runner_sql, .postgres = insert_runner_postgres};

constexpr Statement insert_known_workflows{.name = "insert_runner_workflows",
                                           .sqlite = R"sql(
      INSERT INTO {s}.runner_workflows (runner_id, workflow)
      SELECT $1, value FROM json_each($2) WHERE true
      ON CONFLICT DO NOTHING)sql",
                                           .postgres = R"sql(
      INSERT INTO {s}.runner_workflows (runner_id, workflow)
      SELECT $1, value FROM json_array_elements_text($2::json)
      ON CONFLICT DO NOTHING)sql"};

constexpr Statement select_runner{
    .name = "read_runner",
    .sqlite = "SELECT state = 'alive', commit_seq FROM {s}.runners WHERE id = $1"};

constexpr Statement select_runners{.name = "list_runners",
                                   .sqlite = R"sql(
      SELECT id, name, host, library_version, pid, started_at, state,
        state = 'alive' AND (lease_until < $1 OR boot_id <> $2),
        (SELECT count(*) FROM {s}.workflow_executions AS e WHERE e.owner = r.id), ended_at
      FROM {s}.runners AS r ORDER BY started_at, id)sql",
                                   .postgres = R"sql(
      SELECT id, name, host, library_version, pid, started_at, state,
        state = 'alive'
          AND (lease_until < clock_timestamp() + $1 * interval '1 microsecond' OR boot_id <> $2),
        (SELECT count(*) FROM {s}.workflow_executions AS e WHERE e.owner = r.id), ended_at
      FROM {s}.runners AS r ORDER BY started_at, id)sql"};

// Another boot id means that the runner's kernel is gone, whatever its lease says (R6).
constexpr Statement select_surroundings{.name = "look_around",
                                        .sqlite = R"sql(
      SELECT
        (SELECT count(*) FROM {s}.runners
         WHERE state = 'alive' AND id <> $1 AND lease_until >= $2 AND boot_id = $3),
        EXISTS (SELECT 1 FROM {s}.runners
                WHERE state = 'alive' AND id <> $1 AND (lease_until < $2 OR boot_id <> $3)),
        EXISTS (SELECT 1 FROM {s}.workflow_executions
                WHERE owner IS NULL AND status IN ('Pending', 'Running') AND start_after IS NULL
                  AND workflow || '@' || version IN (SELECT value FROM json_each($5)))
        OR EXISTS (SELECT 1 FROM {s}.workflow_executions
                   WHERE owner IS NULL AND status IN ('Pending', 'Running')
                     AND start_after IS NOT NULL AND start_after <= $4
                     AND workflow || '@' || version IN (SELECT value FROM json_each($5))),
        EXISTS (SELECT 1 FROM {s}.control_requests AS r
                JOIN {s}.workflow_executions AS e ON e.id = r.execution_id
                WHERE r.applied_at IS NULL AND (e.owner = $1 OR e.owner IS NULL)),
        (SELECT max(version) FROM {s}.schema_migrations))sql",
                                        .postgres = R"sql(
      WITH clock (now) AS (SELECT clock_timestamp() + $2 * interval '1 microsecond'),
        known (workflows) AS (SELECT ARRAY(SELECT json_array_elements_text($5::json)))
      SELECT
        (SELECT count(*) FROM {s}.runners
         WHERE state = 'alive' AND id <> $1 AND lease_until >= clock.now AND boot_id = $3),
        EXISTS (SELECT 1 FROM {s}.runners
                WHERE state = 'alive' AND id <> $1 AND (lease_until < clock.now OR boot_id <> $3)),
        EXISTS (SELECT 1 FROM {s}.workflow_executions
                WHERE owner IS NULL AND status IN ('Pending', 'Running') AND start_after IS NULL
                  AND workflow || '@' || version = ANY (known.workflows))
        OR EXISTS (SELECT 1 FROM {s}.workflow_executions
                   WHERE owner IS NULL AND status IN ('Pending', 'Running')
                     AND start_after IS NOT NULL AND start_after <= $4
                     AND workflow || '@' || version = ANY (known.workflows)),
        EXISTS (SELECT 1 FROM {s}.control_requests AS r
                JOIN {s}.workflow_executions AS e ON e.id = r.execution_id
                WHERE r.applied_at IS NULL AND (e.owner = $1 OR e.owner IS NULL)),
        (SELECT max(version) FROM {s}.schema_migrations)
      FROM clock, known)sql"};

constexpr Statement select_known_to_nobody{.name = "known_to_nobody", .sqlite = R"sql(
      SELECT q.workflow, q.version, q.executions
      FROM (SELECT workflow, version, count(*) AS executions, min(since) AS oldest
            FROM (SELECT * FROM (
                    SELECT workflow, version, created_at AS since FROM {s}.workflow_executions
                    WHERE owner IS NULL AND status IN ('Pending', 'Running')
                      AND start_after IS NULL
                    ORDER BY priority DESC, id LIMIT 1000) AS at_once
                  UNION ALL
                  SELECT * FROM (
                    SELECT workflow, version, start_after AS since FROM {s}.workflow_executions
                    WHERE owner IS NULL AND status IN ('Pending', 'Running')
                      AND start_after IS NOT NULL AND start_after < $1
                    ORDER BY start_after LIMIT 1000) AS due) AS first
            GROUP BY workflow, version) AS q
      WHERE q.oldest < $1
        AND NOT EXISTS (SELECT 1 FROM {s}.runner_workflows AS w
                        JOIN {s}.runners AS r ON r.id = w.runner_id
                        WHERE r.state = 'alive' AND w.workflow = q.workflow || '@' || q.version)
      ORDER BY q.workflow, q.version)sql"};

}  // namespace

bool register_runner(backend::Database& database, backend::Session& session, RunnerRow const& row,
                     std::chrono::microseconds lease,
                     std::vector<WorkflowDefinitionRow> const& definitions) {
  Transaction transaction{session};
  auto const lease_until = database.lease_now() + lease;
  auto const boot_id = database.boot_id();
  std::array<Value, 8> const runner{row.id.value,
                                    std::int64_t{lease_until.count()},
                                    std::string_view{boot_id},
                                    std::string_view{row.name},
                                    std::string_view{row.host},
                                    row.pid,
                                    std::string_view{row.library_version},
                                    row.started_at};
  if (session.execute(insert_runner, runner) == 0) return false;
  insert_runner_workflows(session, row.id, row.workflows);
  insert_definitions(session, definitions);
  transaction.commit();
  return true;
}

void insert_runner_workflows(backend::Session& session, RunnerId id, std::string_view known) {
  std::array<Value, 2> const parameters{id.value, known};
  session.execute(insert_known_workflows, parameters);
}

std::optional<RunnerState> read_runner(backend::Session& session, RunnerId id) {
  std::array<Value, 1> const parameters{id.value};
  auto const rows = session.query(select_runner, parameters);
  if (rows.empty()) return std::nullopt;
  return RunnerState{.alive = rows.integer(0, 0) != 0,
                     .commit_seq = static_cast<std::uint64_t>(rows.integer(0, 1))};
}

std::vector<RunnerStanding> list_runners(backend::Database& database, backend::Session& session) {
  auto const boot_id = database.boot_id();
  std::array<Value, 2> const parameters{std::int64_t{database.lease_now().count()},
                                        std::string_view{boot_id}};
  auto const rows = session.query(select_runners, parameters);
  std::vector<RunnerStanding> runners(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& runner = runners[i];
    runner.row.id = RunnerId{rows.uuid(i, 0)};
    runner.row.name = rows.text(i, 1);
    runner.row.host = rows.text(i, 2);
    runner.row.library_version = rows.text(i, 3);
    runner.row.pid = rows.integer(i, 4);
    runner.row.started_at = rows.instant(i, 5);
    runner.state = rows.text(i, 6);
    runner.overdue = rows.integer(i, 7) != 0;
    runner.executions = static_cast<std::size_t>(rows.integer(i, 8));
    runner.ended_at = rows.instant_or_null(i, 9);
  }
  return runners;
}

Surroundings look_around(backend::Database& database, backend::Session& session, RunnerId me,
                         Instant now, std::string_view known) {
  auto const boot_id = database.boot_id();
  std::array<Value, 5> const parameters{me.value, std::int64_t{database.lease_now().count()},
                                        std::string_view{boot_id}, now, known};
  auto const rows = session.query(select_surroundings, parameters);
  return {.others_alive = static_cast<std::size_t>(rows.integer(0, 0)),
          .expired_runners = rows.integer(0, 1) != 0,
          .claimable = rows.integer(0, 2) != 0,
          .requests_waiting = rows.integer(0, 3) != 0,
          .schema_version = rows.integer(0, 4)};
}

std::vector<WaitingWorkflow> known_to_nobody(backend::Session& session, Instant since) {
  std::array<Value, 1> const parameters{since};
  auto const rows = session.query(select_known_to_nobody, parameters);
  std::vector<WaitingWorkflow> found;
  for (std::size_t i = 0; i < rows.size(); ++i)
    found.push_back(
        {rows.text(i, 0), rows.text(i, 1), static_cast<std::size_t>(rows.integer(i, 2))});
  return found;
}

}  // namespace cloacina::dal
