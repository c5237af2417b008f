#include "dal/runners.hpp"

#include <array>

#include "dal/columns.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

constexpr Statement insert_runner{.name = "insert_runner", .sqlite = R"sql(
      INSERT INTO {s}.runners (id, state, commit_seq, lease_until, boot_id, name, host, pid,
      library_version, started_at)
      VALUES ($1, 'alive', 0, $2, $3, $4, $5, $6, $7, $8))sql"};

constexpr Statement insert_runner_workflows{.name = "insert_runner_workflows", .sqlite = R"sql(
      INSERT INTO {s}.runner_workflows (runner_id, workflow)
      SELECT $1, value FROM json_each($2) WHERE true
      ON CONFLICT DO NOTHING)sql"};

constexpr Statement select_runner{
    .name = "read_runner",
    .sqlite = "SELECT state = 'alive', commit_seq FROM {s}.runners WHERE id = $1"};

// Another boot id means that the runner's kernel is gone, whatever its lease says (R6).
constexpr Statement select_surroundings{.name = "look_around", .sqlite = R"sql(
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
                     AND workflow || '@' || version IN (SELECT value FROM json_each($5))))sql"};

}  // namespace

void register_runner(backend::Database& database, backend::Session& session, RunnerRow const& row,
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
  session.execute(insert_runner, runner);
  std::array<Value, 2> const known{row.id.value, std::string_view{row.workflows}};
  session.execute(insert_runner_workflows, known);
  insert_definitions(session, definitions);
  transaction.commit();
}

std::optional<RunnerState> read_runner(backend::Session& session, RunnerId id) {
  std::array<Value, 1> const parameters{id.value};
  auto const rows = session.query(select_runner, parameters);
  if (rows.empty()) return std::nullopt;
  return RunnerState{.alive = rows.integer(0, 0) != 0,
                     .commit_seq = static_cast<std::uint64_t>(rows.integer(0, 1))};
}

Surroundings look_around(backend::Database& database, backend::Session& session, RunnerId me,
                         Instant now, std::string_view known) {
  auto const boot_id = database.boot_id();
  std::array<Value, 5> const parameters{me.value, std::int64_t{database.lease_now().count()},
                                        std::string_view{boot_id}, now, known};
  auto const rows = session.query(select_surroundings, parameters);
  return {.others_alive = static_cast<std::size_t>(rows.integer(0, 0)),
          .expired_runners = rows.integer(0, 1) != 0,
          .claimable = rows.integer(0, 2) != 0};
}

}  // namespace cloacina::dal
