#include "dal/group_statement.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/sabotage.hpp"
#include "dal/batch_columns.hpp"
#include "dal/claim.hpp"
#include "dal/execution_inputs.hpp"
#include "dal/sql_text.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

// Every part takes its rows from the fence, so that without it there are none. The parts see the
// tables as they were before; that is why no row may be in two of them. What is claimed belonged to
// nobody then: no other part concerns it.
//
// The fence is $1 to $3; executions to insert $4 to $15, and their large inputs $16 and $17; tasks
// $18 to $29; attempts $30 to $37; executions to change $38 to $45; requests that were applied $46
// and $47; a claim $48 to $50.
constexpr auto group_parts = join(R"sql(
      WITH fence AS (
        UPDATE {s}.runners
        SET commit_seq = $2, lease_until = clock_timestamp() + $3 * interval '1 microsecond'
        WHERE id = $1 AND state = 'alive' AND commit_seq = $2::bigint - 1
        RETURNING id),
      given AS (
        SELECT g.* FROM fence, unnest($4::uuid[], $5::text[], $6::text[], $7::text[],
          $8::smallint[], $9::uuid[], $10::text[], $11::text[], $12::timestamptz[],
          $13::timestamptz[], $14::timestamptz[], $15::timestamptz[]) WITH ORDINALITY
          AS g (id, workflow, version, status, priority, owner, input, idempotency_key, created_at,
                start_after, started_at, deadline, n)),
      inserted AS (
        INSERT INTO {s}.workflow_executions (id, workflow, version, status, priority, owner,
          input, idempotency_key, created_at, start_after, started_at, deadline)
        SELECT id, workflow, version, status, priority, owner, input, idempotency_key, created_at,
          start_after, started_at, deadline FROM given
        ON CONFLICT DO NOTHING RETURNING id),
      inputs AS (
        INSERT INTO {s}.execution_inputs (execution_id, input)
        SELECT i.* FROM unnest($16::uuid[], $17::text[]) AS i (id, input)
        JOIN inserted USING (id)),
      tasks AS (
        INSERT INTO {s}.task_executions (execution_id, task, status, attempt, crashes,
          at_most_once, started_at, completed_at, wake_at, delta, error, skip_reason)
        SELECT t.execution_id, t.task, t.status, t.attempt, t.crashes, t.at_most_once <> 0,
          t.started_at, t.completed_at, t.wake_at, t.delta, t.error, t.skip_reason
        FROM fence, unnest($18::uuid[], $19::text[], $20::text[], $21::bigint[], $22::bigint[],
          $23::bigint[], $24::timestamptz[], $25::timestamptz[], $26::timestamptz[], $27::text[],
          $28::text[], $29::text[])
          AS t (execution_id, task, status, attempt, crashes, at_most_once, started_at,
                completed_at, wake_at, delta, error, skip_reason))sql",
                                  replace_task, R"sql(),
      attempts AS (
        INSERT INTO {s}.task_attempts (execution_id, task, attempt, runner_id, status, error,
          started_at, ended_at)
        SELECT a.* FROM fence, unnest($30::uuid[], $31::text[], $32::bigint[], $33::uuid[],
          $34::text[], $35::text[], $36::timestamptz[], $37::timestamptz[])
          AS a (execution_id, task, attempt, runner_id, status, error, started_at, ended_at)
        ON CONFLICT DO NOTHING),
      changes AS (
        SELECT u.* FROM fence, unnest($38::uuid[], $39::text[], $40::text[], $41::text[],
          $42::timestamptz[], $43::timestamptz[], $44::timestamptz[], $45::bigint[])
          AS u (id, status, output, error, started_at, completed_at, deadline, release)),
      updates AS (
        UPDATE {s}.workflow_executions AS e
        SET status = u.status, output = u.output, error = u.error,
            started_at = coalesce(u.started_at, e.started_at),
            completed_at = coalesce(u.completed_at, e.completed_at),
            deadline = coalesce(u.deadline, e.deadline),
            owner = CASE WHEN u.release = 0 THEN e.owner END
        FROM changes AS u WHERE e.id = u.id),
      applied AS (
        UPDATE {s}.control_requests AS r SET applied_at = a.at, outcome = 'applied'
        FROM fence, unnest($46::uuid[], $47::timestamptz[]) AS a (id, at)
        WHERE r.id = a.id AND r.applied_at IS NULL),
      late AS (
        UPDATE {s}.control_requests AS r SET applied_at = u.completed_at, outcome = 'too late'
        FROM changes AS u
        WHERE u.release <> 0 AND r.execution_id = u.id AND r.applied_at IS NULL
          AND r.id <> ALL ($46::uuid[])),
      answer (fences, known_already) AS (
        SELECT (SELECT count(*) FROM fence),
               (SELECT string_agg(g.n::text, ',') FROM given AS g
                WHERE NOT EXISTS (SELECT 1 FROM inserted AS i WHERE i.id = g.id))))sql");
constexpr auto group_sql = join(group_parts, " SELECT fences, known_already FROM answer");
constexpr Statement group{.name = "group", .sqlite = {}, .postgres = group_sql};

constexpr auto claiming_group_sql = join(group_parts, R"sql(,
      wanted (runner, now, workflows, most) AS (
        SELECT id, $48::timestamptz, ARRAY(SELECT json_array_elements_text($49::json)), $50::bigint
        FROM fence),)sql",
                                         claimed_of_wanted, R"sql(
      SELECT claimed.*, fences, known_already FROM answer LEFT JOIN claimed ON true)sql");
constexpr Statement claiming_group{
    .name = "claiming_group", .sqlite = {}, .postgres = claiming_group_sql};

/// The arrays of one group, in the order of the statement's parameters.
class Arrays {
 public:
  template <std::size_t Width>
  void add(Columns<Width> const& columns) {
    for (auto const& column : columns.get()) arrays_.push_back({column});
  }
  [[nodiscard]] std::vector<Value> after(std::initializer_list<Value> first) const {
    std::vector<Value> parameters{first};
    for (auto const& array : arrays_) parameters.emplace_back(&array);
    return parameters;
  }

 private:
  std::vector<backend::Array> arrays_;
};

Columns<12> tasks_of(Batch const& batch) {
  Columns<12> columns{batch.tasks.size()};
  for (auto const& row : batch.tasks) add_columns(columns, row);
  return columns;
}

Columns<8> updates_of(Batch const& batch) {
  Columns<8> columns{batch.updates.size()};
  for (auto const& row : batch.updates)
    columns.add(row.id, to_string(row.status), or_null(row.output), or_null(row.error),
                or_null(row.started_at), or_null(row.completed_at), or_null(row.deadline),
                flag(row.release));
  return columns;
}

Columns<2> applied_of(Batch const& batch) {
  Columns<2> columns{batch.applied.size()};
  for (auto const& request : batch.applied) columns.add(request.id, request.at);
  return columns;
}

/// "1,4": the numbers, from 1, of rows that were there already.
std::vector<std::size_t> indexes_from(std::string_view text) {
  std::vector<std::size_t> indexes;
  while (!text.empty()) {
    std::size_t number = 0;
    auto const end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
    indexes.push_back(number - 1);
    text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  }
  std::sort(indexes.begin(), indexes.end());
  return indexes;
}

}  // namespace

bool fits_one_statement(Batch const& batch) noexcept {
  static bool const fence_removed = is_sabotaged("no_fence");
  static bool const in_two = is_sabotaged("completion_in_two");
  if (fence_removed || in_two) return false;
  if (!batch.unowned_cancels.empty() || !batch.learned.empty()) return false;
  // What is left to anybody may be claimed at once, which the statement would not see.
  if (batch.claim.limit != 0 &&
      !std::all_of(batch.inserts.begin(), batch.inserts.end(),
                   [](ExecutionInsert const& insert) { return insert.owned; }))
    return false;
  // Both are in the order of their ids.
  auto insert = batch.inserts.begin();
  for (auto const& update : batch.updates) {
    while (insert != batch.inserts.end() && insert->id < update.id) ++insert;
    if (insert != batch.inserts.end() && insert->id == update.id) return false;
  }
  return true;
}

Outcome commit_in_one_statement(backend::Database& database, backend::Session& session,
                                Fence const& fence, Batch const& batch) {
  auto const executions = columns_of(batch.inserts, fence.runner);
  auto const inputs = large_inputs(batch.inserts);
  auto const tasks = tasks_of(batch);
  auto const attempts = columns_of(batch.attempts, fence.runner);
  auto const updates = updates_of(batch);
  auto const applied = applied_of(batch);
  Arrays arrays;
  arrays.add(executions);
  arrays.add(inputs);
  arrays.add(tasks);
  arrays.add(attempts);
  arrays.add(updates);
  arrays.add(applied);
  auto const lease = database.lease_now() + fence.lease;
  auto parameters = arrays.after({fence.runner.value, static_cast<std::int64_t>(fence.commit_seq),
                                  std::int64_t{lease.count()}});
  bool const claims = batch.claim.limit != 0;
  if (claims)
    parameters.insert(parameters.end(), {batch.claim.now, batch.claim.known,
                                         static_cast<std::int64_t>(batch.claim.limit)});
  try {
    auto const rows = session.write_alone(claims ? claiming_group : group, parameters);
    std::size_t const answer = claims ? number_of_execution_columns : 0;
    if (rows.integer(0, answer) == 0) return Fenced{};
    Committed committed;
    committed.not_inserted = indexes_from(rows.text_or_null(0, answer + 1).value_or(""));
    if (claims && !rows.is_null(0, 0)) take_claimed(rows, committed);
    return committed;
  } catch (Error const&) {
    return outcome_of_current_error();
  }
}

}  // namespace cloacina::dal
