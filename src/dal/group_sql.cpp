#include "dal/group_sql.hpp"

#include <charconv>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "dal/batch_columns.hpp"
#include "dal/claim.hpp"
#include "dal/sql_text.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;

// Every part takes its rows from the fence, so that without it there are none. The parts see the
// tables as they were before; that is why no row may be in two of them. What is claimed belonged to
// nobody then: no other part concerns it.
//
// Each part counts its own parameters from 1. Arrays become rows by `unnest` among what is
// selected, side by side: among what is selected from, each row is copied twice more.
constexpr std::string_view fence_part = R"sql(
      WITH fence AS (
        UPDATE {s}.runners
        SET commit_seq = $2, lease_until = clock_timestamp() + $3 * interval '1 microsecond'
        WHERE id = $1 AND state = 'alive' AND commit_seq = $2::bigint - 1
        RETURNING id))sql";

constexpr std::string_view executions_part = R"sql(,
      given AS (
        SELECT unnest($1::uuid[]) AS id, unnest($2::text[]) AS workflow,
          unnest($3::text[]) AS version, unnest($4::text[]) AS status,
          unnest($5::smallint[]) AS priority, unnest($6::uuid[]) AS owner,
          unnest($7::text[]) AS input, unnest($8::text[]) AS idempotency_key,
          unnest($9::timestamptz[]) AS created_at, unnest($10::timestamptz[]) AS start_after,
          unnest($11::timestamptz[]) AS started_at, unnest($12::timestamptz[]) AS deadline,
          generate_subscripts($1::uuid[], 1) AS n
        FROM fence),
      inserted AS (
        INSERT INTO {s}.workflow_executions (id, workflow, version, status, priority, owner,
          input, idempotency_key, created_at, start_after, started_at, deadline)
        SELECT id, workflow, version, status, priority, owner, input, idempotency_key, created_at,
          start_after, started_at, deadline FROM given
        ON CONFLICT DO NOTHING RETURNING id))sql";

constexpr std::string_view inputs_part = R"sql(,
      inputs AS (
        INSERT INTO {s}.execution_inputs (execution_id, input)
        SELECT i.* FROM unnest($1::uuid[], $2::text[]) AS i (id, input)
        JOIN inserted USING (id)))sql";

constexpr auto fresh_tasks = sql_text(R"sql(,
      tasks AS (
        INSERT INTO {s}.task_executions (execution_id, task, status, attempt, crashes,
          at_most_once, started_at, completed_at, wake_at, delta, error, skip_reason)
        SELECT t.execution_id, t.task, t.status, t.attempt, t.crashes, t.at_most_once <> 0,
          t.started_at, t.completed_at, t.wake_at, t.delta, t.error, t.skip_reason
        FROM (SELECT unnest($1::uuid[]) AS execution_id, unnest($2::text[]) AS task,
                unnest($3::text[]) AS status, unnest($4::bigint[]) AS attempt,
                unnest($5::bigint[]) AS crashes, unnest($6::bigint[]) AS at_most_once,
                unnest($7::timestamptz[]) AS started_at, unnest($8::timestamptz[]) AS completed_at,
                unnest($9::timestamptz[]) AS wake_at, unnest($10::text[]) AS delta,
                unnest($11::text[]) AS error, unnest($12::text[]) AS skip_reason
              FROM fence) AS t)sql");
// Rows that are new are not looked for first, which is a quarter of the work.
constexpr auto fresh_tasks_part = join(fresh_tasks, ")");
constexpr auto any_tasks_part = join(fresh_tasks, replace_task, ")");

constexpr std::string_view attempts_part = R"sql(,
      attempts AS (
        INSERT INTO {s}.task_attempts (execution_id, task, attempt, runner_id, status, error,
          started_at, ended_at)
        SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::uuid[]),
          unnest($5::text[]), unnest($6::text[]), unnest($7::timestamptz[]),
          unnest($8::timestamptz[])
        FROM fence
        ON CONFLICT DO NOTHING))sql";

constexpr std::string_view changes_part = R"sql(,
      changes AS (
        SELECT unnest($1::uuid[]) AS id, unnest($2::text[]) AS status, unnest($3::text[]) AS output,
          unnest($4::text[]) AS error, unnest($5::timestamptz[]) AS started_at,
          unnest($6::timestamptz[]) AS completed_at, unnest($7::timestamptz[]) AS deadline,
          unnest($8::bigint[]) AS release
        FROM fence),
      updates AS (
        UPDATE {s}.workflow_executions AS e
        SET status = u.status, output = u.output, error = u.error,
            started_at = coalesce(u.started_at, e.started_at),
            completed_at = coalesce(u.completed_at, e.completed_at),
            deadline = coalesce(u.deadline, e.deadline),
            owner = CASE WHEN u.release = 0 THEN e.owner END
        FROM changes AS u WHERE e.id = u.id))sql";

constexpr std::string_view applied_part = R"sql(,
      applied AS (
        UPDATE {s}.control_requests AS r SET applied_at = a.at, outcome = 'applied'
        FROM fence, unnest($1::uuid[], $2::timestamptz[]) AS a (id, at)
        WHERE r.id = a.id AND r.applied_at IS NULL))sql";

// Requests that came after the end. What is applied here is none of them.
constexpr std::string_view late_part = R"sql(,
      late AS (
        UPDATE {s}.control_requests AS r SET applied_at = u.completed_at, outcome = 'too late'
        FROM changes AS u
        WHERE u.release <> 0 AND r.execution_id = u.id AND r.applied_at IS NULL)sql";
constexpr std::string_view not_applied = " AND r.id <> ALL ($1::uuid[])";

constexpr std::string_view answer_part = R"sql(,
      answer (fences, known_already) AS (
        SELECT (SELECT count(*) FROM fence), )sql";
constexpr std::string_view known_already = R"sql(
          (SELECT string_agg(g.n::text, ',') FROM given AS g
           WHERE NOT EXISTS (SELECT 1 FROM inserted AS i WHERE i.id = g.id)))sql";

constexpr auto claim_part = join(R"sql(,
      wanted (runner, now, workflows, most) AS (
        SELECT id, $1::timestamptz, ARRAY(SELECT json_array_elements_text($2::json)), $3::bigint
        FROM fence),)sql",
                                 claimed_of_wanted);
constexpr std::string_view answer_of_claim = R"sql(
      SELECT claimed.*, fences, known_already FROM answer LEFT JOIN claimed ON true)sql";
constexpr std::string_view answer_alone = " SELECT fences, known_already FROM answer";

/// Puts parts together, and numbers their parameters through.
class Composer {
 public:
  /// Returns the number before its first parameter.
  std::size_t add(std::string_view part, std::size_t parameters) {
    auto const before = parameters_;
    append(part, before);
    parameters_ += parameters;
    return before;
  }
  void append(std::string_view part, std::size_t before = 0) {
    for (auto at = part.find('$'); at != part.npos; at = part.find('$')) {
      std::size_t number = 0;
      auto const end = std::from_chars(part.data() + at + 1, part.data() + part.size(), number).ptr;
      text_.append(part.substr(0, at + 1)).append(std::to_string(before + number));
      part.remove_prefix(static_cast<std::size_t>(end - part.data()));
    }
    text_.append(part);
  }
  [[nodiscard]] std::string const& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::size_t parameters_ = 0;
};

std::string compose(GroupShape const& shape) {
  Composer sql;
  sql.add(fence_part, 3);
  if (shape.executions) sql.add(executions_part, 12);
  if (shape.inputs) sql.add(inputs_part, 2);
  if (shape.tasks == GroupShape::Tasks::fresh) sql.add(fresh_tasks_part, 12);
  if (shape.tasks == GroupShape::Tasks::any) sql.add(any_tasks_part, 12);
  if (shape.attempts) sql.add(attempts_part, 8);
  if (shape.changes) sql.add(changes_part, 8);
  auto const requests = shape.applied ? sql.add(applied_part, 2) : 0;
  if (shape.changes) {
    sql.append(late_part);
    if (shape.applied) sql.append(not_applied, requests);
    sql.append(")");
  }
  sql.append(answer_part);
  sql.append(shape.executions ? known_already : "NULL::text");
  sql.append(")");
  if (shape.claim) sql.add(claim_part, 3);
  sql.append(shape.claim ? answer_of_claim : answer_alone);
  return sql.text();
}

/// A statement with the text that it names.
struct Composed {
  explicit Composed(GroupShape const& shape)
      : text(compose(shape)),
        statement{
            .name = shape.claim ? "claiming_group" : "group", .sqlite = {}, .postgres = text} {}
  Composed(Composed const&) = delete;
  Composed& operator=(Composed const&) = delete;
  std::string const text;
  Statement const statement;
};

unsigned number_of(GroupShape const& shape) noexcept {
  unsigned number = static_cast<unsigned>(shape.tasks);
  for (bool const part :
       {shape.executions, shape.inputs, shape.attempts, shape.changes, shape.applied, shape.claim})
    number = 2 * number + (part ? 1 : 0);
  return number;
}

}  // namespace

Statement const& group_statement(GroupShape const& shape) {
  static std::mutex mutex;
  static auto& composed = *new std::map<unsigned, std::unique_ptr<Composed>>;  // outlives all
  std::lock_guard lock{mutex};
  auto& known = composed[number_of(shape)];
  if (!known) known = std::make_unique<Composed>(shape);
  return known->statement;
}

}  // namespace cloacina::dal
