#include "dal/batch.hpp"

#include <algorithm>

#include <cloacina/json.hpp>

#include "core/sabotage.hpp"
#include "dal/batch_columns.hpp"
#include "dal/claim.hpp"
#include "dal/execution_inputs.hpp"
#include "dal/group_statement.hpp"
#include "dal/runners.hpp"
#include "dal/sql_text.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

constexpr Statement insert_execution{.name = "insert_execution",
                                     .sqlite = R"sql(
      INSERT INTO {s}.workflow_executions (id, workflow, version, status, priority, owner,
        input, idempotency_key, created_at, start_after, started_at, deadline)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      ON CONFLICT DO NOTHING)sql",
                                     .postgres = R"sql(
      WITH given AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[],
                             $6::uuid[], $7::text[], $8::text[], $9::timestamptz[],
                             $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])
          WITH ORDINALITY
          AS g (id, workflow, version, status, priority, owner, input, idempotency_key, created_at,
                start_after, started_at, deadline, n)),
      inserted AS (
        INSERT INTO {s}.workflow_executions (id, workflow, version, status, priority, owner,
          input, idempotency_key, created_at, start_after, started_at, deadline)
        SELECT id, workflow, version, status, priority, owner, input, idempotency_key, created_at,
          start_after, started_at, deadline FROM given
        ON CONFLICT DO NOTHING RETURNING id)
      SELECT n FROM given JOIN inserted USING (id))sql"};

constexpr auto write_task_sql = join(R"sql(
      INSERT INTO {s}.task_executions (execution_id, task, status, attempt, crashes,
        at_most_once, started_at, completed_at, wake_at, delta, error, skip_reason)
      VALUES {($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)})sql",
                                     replace_task);
constexpr auto write_task_postgres = join(R"sql(
      INSERT INTO {s}.task_executions (execution_id, task, status, attempt, crashes,
        at_most_once, started_at, completed_at, wake_at, delta, error, skip_reason)
      SELECT execution_id, task, status, attempt, crashes, at_most_once <> 0, started_at,
        completed_at, wake_at, delta, error, skip_reason
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[],
                  $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::text[],
                  $11::text[], $12::text[])
        AS t (execution_id, task, status, attempt, crashes, at_most_once, started_at,
              completed_at, wake_at, delta, error, skip_reason))sql",
                                          replace_task);
constexpr Statement write_task{
    .name = "write_task", .sqlite = write_task_sql, .postgres = write_task_postgres};

// Most tasks have the default in the other half of their columns.
constexpr auto write_plain_task_sql = join(R"sql(
      INSERT INTO {s}.task_executions (execution_id, task, status, started_at, completed_at, delta)
      VALUES {($1, $2, $3, $4, $5, $6)})sql",
                                           replace_task);
constexpr auto write_plain_task_postgres = join(R"sql(
      INSERT INTO {s}.task_executions (execution_id, task, status, started_at, completed_at, delta)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[],
                           $5::timestamptz[], $6::text[]))sql",
                                                replace_task);
constexpr Statement write_plain_task{
    .name = "write_task", .sqlite = write_plain_task_sql, .postgres = write_plain_task_postgres};

constexpr Statement insert_attempt{.name = "insert_attempt",
                                   .sqlite = R"sql(
      INSERT INTO {s}.task_attempts (execution_id, task, attempt, runner_id, status, error,
        started_at, ended_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      ON CONFLICT DO NOTHING)sql",
                                   .postgres = R"sql(
      INSERT INTO {s}.task_attempts (execution_id, task, attempt, runner_id, status, error,
        started_at, ended_at)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::text[],
                           $6::text[], $7::timestamptz[], $8::timestamptz[])
      ON CONFLICT DO NOTHING)sql"};

constexpr Statement update_execution{.name = "update_execution",
                                     .sqlite = R"sql(
      UPDATE {s}.workflow_executions
      SET status = $2, output = $3, error = $4, started_at = coalesce($5, started_at),
          completed_at = coalesce($6, completed_at), deadline = coalesce($7, deadline)
      WHERE id = $1)sql",
                                     .postgres = R"sql(
      UPDATE {s}.workflow_executions AS e
      SET status = u.status, output = u.output, error = u.error,
          started_at = coalesce(u.started_at, e.started_at),
          completed_at = coalesce(u.completed_at, e.completed_at),
          deadline = coalesce(u.deadline, e.deadline)
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                  $6::timestamptz[], $7::timestamptz[])
        AS u (id, status, output, error, started_at, completed_at, deadline)
      WHERE e.id = u.id)sql"};

// A statement of its own: an update that names `owner` rewrites the owner's index, also where
// nothing changes.
constexpr Statement release_execution{.name = "release_execution",
                                      .sqlite = R"sql(
      UPDATE {s}.workflow_executions
      SET status = $2, output = $3, error = $4, started_at = coalesce($5, started_at),
          completed_at = coalesce($6, completed_at), deadline = coalesce($7, deadline),
          owner = NULL
      WHERE id = $1)sql",
                                      .postgres = R"sql(
      UPDATE {s}.workflow_executions AS e
      SET status = u.status, output = u.output, error = u.error,
          started_at = coalesce(u.started_at, e.started_at),
          completed_at = coalesce(u.completed_at, e.completed_at),
          deadline = coalesce(u.deadline, e.deadline), owner = NULL
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                  $6::timestamptz[], $7::timestamptz[])
        AS u (id, status, output, error, started_at, completed_at, deadline)
      WHERE e.id = u.id)sql"};

void insert_executions(backend::Session& session, RunnerId me,
                       std::vector<ExecutionInsert> const& rows, Committed& committed) {
  if (rows.empty()) return;
  auto const columns = columns_of(rows, me);
  auto const inserted = session.apply(insert_execution, columns.get());
  insert_large_inputs(session, rows, inserted);
  for (std::size_t i = 0; i < inserted.size(); ++i)
    if (inserted[i] == 0) committed.not_inserted.push_back(i);
}

bool is_plain(TaskWrite const& row) noexcept {
  return row.attempt == 1 && row.crashes == 0 && !row.at_most_once && !row.wake_at &&
         row.error.empty() && row.skip_reason.empty();
}

void write_tasks(backend::Session& session, std::vector<TaskWrite> const& rows) {
  if (rows.empty()) return;
  Columns<6> plain{rows.size()};
  Columns<12> whole{0};
  for (auto const& row : rows) {
    if (is_plain(row)) {
      plain.add(row.execution, row.task, to_string(row.status), or_null(row.started_at),
                or_null(row.completed_at), or_null(row.delta));
    } else {
      add_columns(whole, row);
    }
  }
  if (!plain.empty()) session.apply(write_plain_task, plain.get());
  if (!whole.empty()) session.apply(write_task, whole.get());
}

void insert_attempts(backend::Session& session, RunnerId me,
                     std::vector<AttemptInsert> const& rows) {
  if (rows.empty()) return;
  auto const columns = columns_of(rows, me);
  session.apply(insert_attempt, columns.get());
}

void update_executions(backend::Session& session, std::vector<ExecutionUpdate> const& rows) {
  if (rows.empty()) return;
  Columns<7> staying{rows.size()};
  Columns<7> released{rows.size()};
  for (auto const& row : rows)
    (row.release ? released : staying)
        .add(row.id, to_string(row.status), or_null(row.output), or_null(row.error),
             or_null(row.started_at), or_null(row.completed_at), or_null(row.deadline));
  if (!staying.empty()) session.apply(update_execution, staying.get());
  if (!released.empty()) session.apply(release_execution, released.get());
}

void store_learned(backend::Session& session, RunnerId me,
                   std::vector<WorkflowDefinitionRow> const& learned) {
  if (learned.empty()) return;
  Json known = Json::array();
  for (auto const& row : learned) known.push_back(row.name + "@" + row.version);
  insert_runner_workflows(session, me, known.dump());
  insert_definitions(session, learned);
}

/// R12: those that were applied, and those that came too late for what ends here.
void settle_requests(backend::Session& session, Batch const& batch) {
  mark_applied(session, batch.applied);
  auto const ends = [](ExecutionUpdate const& row) { return row.release; };
  auto const last = std::find_if(batch.updates.rbegin(), batch.updates.rend(), ends);
  if (last != batch.updates.rend()) mark_too_late(session, last->completed_at.value());
}

}  // namespace

void Batch::clear() noexcept {
  inserts.clear();
  tasks.clear();
  attempts.clear();
  updates.clear();
  applied.clear();
  unowned_cancels.clear();
  learned.clear();
  claim = {};
}

Outcome commit(backend::Database& database, backend::Session& session, Fence const& fence,
               Batch const& batch) {
  if (database.is_remote() && fits_one_statement(batch))
    return commit_in_one_statement(database, session, fence, batch);
  // What the trial kill_points must notice: an end that is stored before the last result (R5).
  static bool const end_first = is_sabotaged("completion_in_two");
  return fenced(database, session, fence, [&](Committed& committed) {
    if (end_first && !batch.updates.empty()) {
      update_executions(session, batch.updates);
      session.commit();
      session.begin();
    }
    store_learned(session, fence.runner, batch.learned);
    insert_executions(session, fence.runner, batch.inserts, committed);
    write_tasks(session, batch.tasks);
    insert_attempts(session, fence.runner, batch.attempts);
    update_executions(session, batch.updates);
    settle_requests(session, batch);
    cancel_unowned(session, batch.unowned_cancels);
    claim(session, fence.runner, batch.claim, committed);
  });
}

}  // namespace cloacina::dal
