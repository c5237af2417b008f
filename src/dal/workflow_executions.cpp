#include "dal/workflow_executions.hpp"

#include <array>

#include "dal/columns.hpp"
#include "dal/execution_columns.hpp"
#include "dal/execution_inputs.hpp"
#include "dal/sql_text.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

constexpr auto find_sql =
    join("SELECT ", execution_columns, " FROM {s}.workflow_executions WHERE id = $1");
constexpr Statement find_statement{.name = "find_execution", .sqlite = find_sql};

constexpr auto by_key_sql =
    join("SELECT ", execution_columns,
         " FROM {s}.workflow_executions WHERE workflow = $1 AND idempotency_key = $2");
constexpr Statement by_key_statement{.name = "find_by_idempotency_key", .sqlite = by_key_sql};

constexpr auto owned_sql = join("SELECT ", execution_columns,
                                " FROM {s}.workflow_executions WHERE owner = $1 ORDER BY id");
constexpr Statement owned_statement{.name = "owned_executions", .sqlite = owned_sql};

constexpr Statement exists_statement{
    .name = "execution_exists", .sqlite = "SELECT 1 FROM {s}.workflow_executions WHERE id = $1"};

constexpr Statement unfinished_statement{
    .name = "unfinished_among", .sqlite = {}, .postgres = R"sql(
      SELECT id FROM {s}.workflow_executions
      WHERE id = ANY ($1::uuid[]) AND completed_at IS NULL)sql"};

constexpr Statement existing_statement{
    .name = "existing_executions",
    .sqlite = {},
    .postgres = "SELECT id FROM {s}.workflow_executions WHERE id = ANY ($1::uuid[])"};

// Newest first along the key; `$1` is larger than every id where nothing is to come after.
constexpr auto list_sql =
    join("SELECT ", listed_columns,
         " FROM {s}.workflow_executions WHERE id < $1 AND ($2 IS NULL OR workflow = $2)"
         " AND ($3 IS NULL OR status = $3) ORDER BY id DESC LIMIT $4");
constexpr auto list_postgres =
    join("SELECT ", listed_columns,
         " FROM {s}.workflow_executions WHERE id < $1 AND ($2::text IS NULL OR workflow = $2)"
         " AND ($3::text IS NULL OR status = $3) ORDER BY id DESC LIMIT $4");
constexpr Statement list_statement{
    .name = "list_executions", .sqlite = list_sql, .postgres = list_postgres};

constexpr Statement insert_statement{.name = "insert_unowned",
                                     .sqlite = R"sql(
      INSERT INTO {s}.workflow_executions (id, workflow, version, status, priority, input,
      idempotency_key, created_at, start_after)
      VALUES ($1, $2, $3, 'Pending', $4, $5, $6, $7, $8)
      ON CONFLICT DO NOTHING)sql",
                                     .postgres = R"sql(
      WITH given AS (
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::text[],
                             $6::text[], $7::timestamptz[], $8::timestamptz[]) WITH ORDINALITY
          AS g (id, workflow, version, priority, input, idempotency_key, created_at, start_after,
                n)),
      inserted AS (
        INSERT INTO {s}.workflow_executions (id, workflow, version, status, priority, input,
          idempotency_key, created_at, start_after)
        SELECT id, workflow, version, 'Pending', priority, input, idempotency_key, created_at,
          start_after FROM given
        ON CONFLICT DO NOTHING RETURNING id)
      SELECT n FROM given JOIN inserted USING (id))sql"};

constexpr Statement cancel_execution{.name = "cancel_unowned", .sqlite = R"sql(
      UPDATE {s}.workflow_executions
      SET status = 'Cancelled', error = $2, completed_at = $3
      WHERE id = $1 AND owner IS NULL AND status IN ('Pending', 'Running', 'Paused'))sql"};

constexpr Statement cancel_tasks{.name = "cancel_tasks", .sqlite = R"sql(
      UPDATE {s}.task_executions
      SET status = 'Cancelled', completed_at = $2, wake_at = NULL
      WHERE execution_id = $1 AND status IN ('NotStarted', 'Ready', 'Running', 'Deferred'))sql"};

// What has not started has no row yet, and is cancelled like the rest. A definition that is none of
// ours names no tasks: an error here would come back whenever anybody looks.
constexpr Statement cancel_not_started{.name = "cancel_not_started",
                                       .sqlite = R"sql(
      INSERT INTO {s}.task_executions (execution_id, task, status, completed_at)
      SELECT e.id, json_extract(d.value, '$.id'), 'Cancelled', $2
      FROM {s}.workflow_executions AS e
      JOIN {s}.workflow_definitions AS w ON w.name = e.workflow AND w.version = e.version
      JOIN json_each(CASE WHEN json_valid(w.definition) THEN w.definition ELSE '{}' END,
                     '$.tasks') AS d
      WHERE e.id = $1
        AND CASE d.type WHEN 'object' THEN json_type(d.value, '$.id') END = 'text'
      ON CONFLICT DO NOTHING)sql",
                                       .postgres = R"sql(
      INSERT INTO {s}.task_executions (execution_id, task, status, completed_at)
      SELECT e.id, d.task ->> 'id', 'Cancelled', $2
      FROM {s}.workflow_executions AS e
      JOIN {s}.workflow_definitions AS w ON w.name = e.workflow AND w.version = e.version
      CROSS JOIN LATERAL json_array_elements(
        CASE json_typeof(w.definition -> 'tasks')
          WHEN 'array' THEN w.definition -> 'tasks' ELSE '[]' END) AS d (task)
      WHERE e.id = $1 AND json_typeof(d.task -> 'id') = 'string'
      ON CONFLICT DO NOTHING)sql"};

std::optional<ExecutionRow> first(backend::Rows const& rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(execution_rows(rows).front());
}

ExecutionRow execution_row(backend::Rows const& rows, std::size_t i) {
  ExecutionRow row;
  row.id = rows.uuid(i, 0);
  row.workflow = rows.text(i, 1);
  row.version = rows.text(i, 2);
  row.status = workflow_status_from(rows.text(i, 3));
  row.priority = static_cast<std::int16_t>(rows.integer(i, 4, -32'768, 32'767));
  if (auto const owner = rows.uuid_or_null(i, 5)) row.owner = RunnerId{*owner};
  row.input = rows.text(i, 6);
  row.output = rows.text_or_null(i, 7);
  row.error = rows.text_or_null(i, 8);
  row.idempotency_key = rows.text_or_null(i, 9);
  row.created_at = rows.instant(i, 10);
  row.start_after = rows.instant_or_null(i, 11);
  row.started_at = rows.instant_or_null(i, 12);
  row.completed_at = rows.instant_or_null(i, 13);
  row.deadline = rows.instant_or_null(i, 14);
  row.takeovers = rows.count(i, 15);
  return row;
}

/// In one journey to the server.
std::vector<ExecutionId> ids_among(backend::Session& session, Statement const& statement,
                                   std::vector<ExecutionId> const& ids) {
  backend::Column const values{ids.begin(), ids.end()};
  backend::Array const array{values};
  auto const rows = session.query(statement, std::array<Value, 1>{&array});
  std::vector<ExecutionId> found(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) found[i] = rows.uuid(i, 0);
  return found;
}

/// Which were not there.
std::vector<std::size_t> insert_rows(backend::Session& session,
                                     std::vector<ExecutionInsert> const& rows) {
  Columns<8> columns{rows.size()};
  for (auto const& row : rows)
    columns.add(row.id, row.workflow, row.version, std::int64_t{row.priority}, own_input(row.input),
                or_null(row.idempotency_key), row.created_at, or_null(row.start_after));
  auto inserted = session.apply(insert_statement, columns.get());
  insert_large_inputs(session, rows, inserted);
  return inserted;
}

constexpr ExecutionId larger_than_all{~std::uint64_t{0}, ~std::uint64_t{0}};

}  // namespace

std::vector<ExecutionRow> execution_rows(backend::Rows const& rows) {
  std::vector<ExecutionRow> result;
  result.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) result.push_back(execution_row(rows, i));
  return result;
}

ExecutionRows readable_rows(backend::Rows const& rows) {
  ExecutionRows result;
  result.rows.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const id = rows.uuid(i, 0);
    try {
      result.rows.push_back(execution_row(rows, i));
    } catch (Error const& error) {
      result.unreadable.push_back({id, error.what()});
    }
  }
  return result;
}

std::optional<ExecutionRow> find_execution(backend::Session& session, ExecutionId id) {
  std::array<Value, 1> const parameters{id};
  return first(session.query(find_statement, parameters));
}

std::optional<ExecutionRow> find_by_idempotency_key(backend::Session& session,
                                                    std::string_view workflow,
                                                    std::string_view key) {
  std::array<Value, 2> const parameters{workflow, key};
  return first(session.query(by_key_statement, parameters));
}

ExecutionRows owned_executions(backend::Session& session, RunnerId runner) {
  std::array<Value, 1> const parameters{runner.value};
  return readable_rows(session.query(owned_statement, parameters));
}

std::vector<ExecutionId> existing_executions(backend::Database& database, backend::Session& session,
                                             std::vector<ExecutionId> const& ids) {
  if (database.is_remote()) return ids_among(session, existing_statement, ids);
  std::vector<ExecutionId> existing;
  for (auto const id : ids) {
    std::array<Value, 1> const parameters{id};
    if (!session.query(exists_statement, parameters).empty()) existing.push_back(id);
  }
  return existing;
}

std::vector<ExecutionId> unfinished_among(backend::Database& database, backend::Session& session,
                                          std::vector<ExecutionId> const& ids) {
  if (!database.is_remote() || ids.empty()) return {};
  return ids_among(session, unfinished_statement, ids);
}

std::vector<ExecutionRow> list_executions(backend::Session& session, ListFilter const& filter) {
  std::array<Value, 4> const parameters{
      filter.after.value_or(larger_than_all), or_null(filter.workflow),
      filter.status ? Value{to_string(*filter.status)} : Value{nullptr},
      static_cast<std::int64_t>(filter.limit)};
  return execution_rows(session.query(list_statement, parameters));
}

std::vector<ExecutionId> insert_unowned(backend::Database&, backend::Session& session,
                                        std::vector<ExecutionInsert> const& rows) {
  std::vector<ExecutionId> standing;
  for (auto const& row : rows) standing.push_back(row.id);
  Transaction transaction{session};
  auto const inserted = insert_rows(session, rows);
  for (std::size_t i = 0; i < inserted.size(); ++i) {
    if (inserted[i] != 0 || rows[i].idempotency_key.empty()) continue;
    if (auto const earlier =
            find_by_idempotency_key(session, rows[i].workflow, rows[i].idempotency_key))
      standing[i] = earlier->id;
  }
  transaction.commit();
  return standing;
}

void insert_unowned_rows(backend::Session& session, std::vector<ExecutionInsert> const& rows) {
  (void)insert_rows(session, rows);
}

bool cancel_rows(backend::Session& session, ExecutionId id, std::string_view reason, Instant now) {
  std::array<Value, 3> const parameters{id, reason, now};
  if (session.execute(cancel_execution, parameters) == 0) return false;
  std::array<Value, 2> const id_and_time{id, now};
  session.execute(cancel_tasks, id_and_time);
  session.execute(cancel_not_started, id_and_time);
  return true;
}

}  // namespace cloacina::dal
