#include "dal/schedules.hpp"

#include <array>

#include "dal/columns.hpp"
#include "dal/sql_text.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

constexpr auto schedule_columns = sql_text(
    "id, kind, workflow, name, expression, timezone, options, paused, next_at, due_at, last_at,"
    " last_execution, queued, coalesce(state, ''), coalesce(error, ''), created_at, updated_at,"
    " runner, polled_at");

constexpr auto schedule_sql =
    join("SELECT ", schedule_columns, " FROM {s}.schedules WHERE id = $1");
constexpr auto lock_schedule_postgres = join(schedule_sql, " FOR UPDATE");
constexpr Statement select_schedule{.name = "find_schedule", .sqlite = schedule_sql};
constexpr Statement hold_schedule{
    .name = "lock_schedule", .sqlite = schedule_sql, .postgres = lock_schedule_postgres};

constexpr auto same_named_sql =
    join("SELECT ", schedule_columns,
         " FROM {s}.schedules WHERE kind = 'cron' AND workflow = $1 AND name = $2 AND name <> ''");
constexpr auto same_named_postgres = join(same_named_sql, " FOR UPDATE");
constexpr Statement same_named{
    .name = "same_named_schedule", .sqlite = same_named_sql, .postgres = same_named_postgres};

constexpr auto same_unnamed_sql = join("SELECT ", schedule_columns, R"sql(
      FROM {s}.schedules
      WHERE kind = 'cron' AND workflow = $1 AND name = '' AND expression = $2 AND timezone = $3)sql");
constexpr auto same_unnamed_postgres = join(same_unnamed_sql, " FOR UPDATE");
constexpr Statement same_unnamed{
    .name = "same_unnamed_schedule", .sqlite = same_unnamed_sql, .postgres = same_unnamed_postgres};

constexpr auto trigger_sql =
    join("SELECT ", schedule_columns, " FROM {s}.schedules WHERE kind = 'trigger' AND name = $1");
constexpr auto lock_trigger_postgres = join(trigger_sql, " FOR UPDATE");
constexpr Statement select_trigger{.name = "find_trigger", .sqlite = trigger_sql};
constexpr Statement hold_trigger{
    .name = "lock_trigger", .sqlite = trigger_sql, .postgres = lock_trigger_postgres};

constexpr char named_triggers_sqlite[] = R"sql(
      FROM {s}.schedules
      WHERE kind = 'trigger' AND name IN (SELECT value FROM json_each($1)) ORDER BY name)sql";
constexpr char named_triggers_postgres[] = R"sql(
      FROM {s}.schedules
      WHERE kind = 'trigger' AND name IN (SELECT json_array_elements_text($1::json))
      ORDER BY name)sql";
// Without their state, which may be long.
constexpr auto pollers_sqlite = join("SELECT id, name, paused, runner", named_triggers_sqlite);
constexpr auto pollers_postgres = join("SELECT id, name, paused, runner", named_triggers_postgres);
constexpr Statement select_pollers{
    .name = "trigger_pollers", .sqlite = pollers_sqlite, .postgres = pollers_postgres};
constexpr auto hold_pollers_postgres = join(pollers_postgres, " FOR UPDATE");
constexpr Statement hold_pollers{
    .name = "lock_trigger_pollers", .sqlite = pollers_sqlite, .postgres = hold_pollers_postgres};
constexpr auto known_triggers_sqlite = join("SELECT ", schedule_columns, named_triggers_sqlite);
constexpr auto known_triggers_postgres =
    join("SELECT ", schedule_columns, named_triggers_postgres, " FOR UPDATE");
constexpr Statement hold_triggers{.name = "lock_known_triggers",
                                  .sqlite = known_triggers_sqlite,
                                  .postgres = known_triggers_postgres};

constexpr char polled_by_nobody_sqlite[] = R"sql(
      WHERE kind = 'trigger' AND paused = 0 AND name IN (SELECT value FROM json_each($1))
        AND NOT EXISTS (SELECT 1 FROM {s}.runners AS r
                        WHERE r.id = schedules.runner AND r.state = 'alive'))sql";
constexpr char polled_by_nobody_postgres[] = R"sql(
      WHERE kind = 'trigger' AND NOT paused
        AND name IN (SELECT json_array_elements_text($1::json))
        AND NOT EXISTS (SELECT 1 FROM {s}.runners AS r
                        WHERE r.id = schedules.runner AND r.state = 'alive'))sql";
constexpr auto free_triggers_sqlite =
    join("SELECT 1 FROM {s}.schedules", polled_by_nobody_sqlite, " LIMIT 1");
constexpr auto free_triggers_postgres =
    join("SELECT 1 FROM {s}.schedules", polled_by_nobody_postgres, " LIMIT 1");
constexpr Statement select_free_triggers{.name = "triggers_polled_by_nobody",
                                         .sqlite = free_triggers_sqlite,
                                         .postgres = free_triggers_postgres};
constexpr auto claim_triggers_sqlite =
    join("UPDATE {s}.schedules SET runner = $2", polled_by_nobody_sqlite);
constexpr auto claim_triggers_postgres =
    join("UPDATE {s}.schedules SET runner = $2", polled_by_nobody_postgres);
constexpr Statement claim_triggers_statement{
    .name = "claim_triggers", .sqlite = claim_triggers_sqlite, .postgres = claim_triggers_postgres};

constexpr Statement release_triggers_statement{.name = "release_triggers",
                                               .sqlite = R"sql(
      UPDATE {s}.schedules SET runner = NULL
      WHERE kind = 'trigger' AND runner = $2
        AND name IN (SELECT value FROM json_each($1)))sql",
                                               .postgres = R"sql(
      UPDATE {s}.schedules SET runner = NULL
      WHERE kind = 'trigger' AND runner = $2
        AND name IN (SELECT json_array_elements_text($1::json)))sql"};

constexpr Statement insert_row{.name = "insert_schedule",
                               .sqlite = R"sql(
      INSERT INTO {s}.schedules (id, kind, workflow, name, expression, timezone, options, paused,
        next_at, due_at, created_at, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      ON CONFLICT DO NOTHING)sql",
                               .postgres = R"sql(
      INSERT INTO {s}.schedules (id, kind, workflow, name, expression, timezone, options, paused,
        next_at, due_at, created_at, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bigint <> 0, $9, $10, $11, $12)
      ON CONFLICT DO NOTHING)sql"};

constexpr char unless_there_is_one[] = R"sql(
      WHERE id = $1
        AND NOT EXISTS (SELECT 1 FROM {s}.schedules AS o
                        WHERE o.kind = schedules.kind AND o.workflow = schedules.workflow
                          AND schedules.name = '' AND o.name = '' AND o.id <> schedules.id
                          AND o.expression = $2 AND o.timezone = $3))sql";
constexpr auto update_row_sql = join(R"sql(
      UPDATE {s}.schedules
      SET expression = $2, timezone = $3, options = $4, paused = $5, next_at = $6, due_at = $7,
        error = $8, updated_at = $9, workflow = $10)sql",
                                     unless_there_is_one);
constexpr auto update_row_postgres = join(R"sql(
      UPDATE {s}.schedules
      SET expression = $2, timezone = $3, options = $4, paused = $5::bigint <> 0, next_at = $6,
        due_at = $7, error = $8, updated_at = $9, workflow = $10)sql",
                                          unless_there_is_one);
constexpr Statement update_row{
    .name = "update_schedule", .sqlite = update_row_sql, .postgres = update_row_postgres};

constexpr Statement delete_firings{
    .name = "delete_firings", .sqlite = "DELETE FROM {s}.schedule_firings WHERE schedule_id = $1"};
constexpr Statement delete_misses{
    .name = "delete_misses", .sqlite = "DELETE FROM {s}.schedule_misses WHERE schedule_id = $1"};
constexpr Statement delete_row{.name = "delete_schedule",
                               .sqlite = "DELETE FROM {s}.schedules WHERE id = $1"};

constexpr auto select_schedules_sql = join("SELECT ", schedule_columns, R"sql(
      FROM {s}.schedules WHERE kind = $1 AND ($2 = 0 OR paused = 0)
      ORDER BY created_at, id LIMIT $3 OFFSET $4)sql");
constexpr auto select_schedules_postgres = join("SELECT ", schedule_columns, R"sql(
      FROM {s}.schedules WHERE kind = $1 AND ($2::bigint = 0 OR NOT paused)
      ORDER BY created_at, id LIMIT $3 OFFSET $4)sql");
constexpr Statement select_schedules{.name = "list_schedules",
                                     .sqlite = select_schedules_sql,
                                     .postgres = select_schedules_postgres};

constexpr auto due_sql = join("SELECT ", schedule_columns, R"sql(
      FROM {s}.schedules
      WHERE paused = 0 AND due_at IS NOT NULL AND due_at <= $2
        AND workflow IN (SELECT value FROM json_each($1))
      ORDER BY due_at LIMIT $3)sql");
constexpr auto due_postgres = join("SELECT ", schedule_columns, R"sql(
      FROM {s}.schedules
      WHERE NOT paused AND due_at IS NOT NULL AND due_at <= $2
        AND workflow IN (SELECT json_array_elements_text($1::json))
      ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)sql");
constexpr Statement due_statement{
    .name = "lock_due_schedules", .sqlite = due_sql, .postgres = due_postgres};

constexpr Statement next_due_statement{.name = "next_due_schedule",
                                       .sqlite = R"sql(
      SELECT due_at FROM {s}.schedules
      WHERE paused = 0 AND due_at IS NOT NULL
        AND workflow IN (SELECT value FROM json_each($1))
      ORDER BY due_at LIMIT 1)sql",
                                       .postgres = R"sql(
      SELECT due_at FROM {s}.schedules
      WHERE NOT paused AND due_at IS NOT NULL
        AND workflow IN (SELECT json_array_elements_text($1::json))
      ORDER BY due_at LIMIT 1)sql"};

constexpr Statement advance_statement{.name = "advance_schedule",
                                      .sqlite = R"sql(
      UPDATE {s}.schedules
      SET next_at = $2, due_at = $3, last_at = $4, last_execution = $5, queued = $6, error = $7,
        state = $8, polled_at = $9
      WHERE id = $1)sql",
                                      .postgres = R"sql(
      UPDATE {s}.schedules AS s
      SET next_at = g.next_at, due_at = g.due_at, last_at = g.last_at,
        last_execution = g.last_execution, queued = g.queued, error = g.error, state = g.state,
        polled_at = g.polled_at
      FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::uuid[],
                  $6::bigint[], $7::text[], $8::text[], $9::timestamptz[]) WITH ORDINALITY
        AS g (id, next_at, due_at, last_at, last_execution, queued, error, state, polled_at, n)
      WHERE s.id = g.id RETURNING g.n)sql"};

// `workflow` of runner_workflows is "name@version".
constexpr Statement select_strange_schedules{.name = "schedules_known_to_nobody",
                                             .sqlite = R"sql(
      SELECT q.workflow, count(*)
      FROM (SELECT workflow FROM {s}.schedules
            WHERE paused = 0 AND due_at IS NOT NULL AND due_at < $1
            ORDER BY due_at LIMIT 1000) AS q
      WHERE NOT EXISTS (SELECT 1 FROM {s}.runner_workflows AS w
                        JOIN {s}.runners AS r ON r.id = w.runner_id
                        WHERE r.state = 'alive'
                          AND substr(w.workflow, 1, length(q.workflow) + 1) = q.workflow || '@')
      GROUP BY q.workflow ORDER BY q.workflow)sql",
                                             .postgres = R"sql(
      SELECT q.workflow, count(*)
      FROM (SELECT workflow FROM {s}.schedules
            WHERE NOT paused AND due_at IS NOT NULL AND due_at < $1
            ORDER BY due_at LIMIT 1000) AS q
      WHERE NOT EXISTS (SELECT 1 FROM {s}.runner_workflows AS w
                        JOIN {s}.runners AS r ON r.id = w.runner_id
                        WHERE r.state = 'alive'
                          AND substr(w.workflow, 1, length(q.workflow) + 1) = q.workflow || '@')
      GROUP BY q.workflow ORDER BY q.workflow)sql"};

std::vector<ScheduleRow> schedule_rows(backend::Rows const& rows) {
  std::vector<ScheduleRow> found(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    found[i] = {.id = rows.uuid(i, 0),
                .kind = rows.text(i, 1),
                .workflow = rows.text(i, 2),
                .name = rows.text(i, 3),
                .expression = rows.text(i, 4),
                .timezone = rows.text(i, 5),
                .options = rows.text(i, 6),
                .paused = rows.integer(i, 7) != 0,
                .next_at = rows.instant_or_null(i, 8),
                .due_at = rows.instant_or_null(i, 9),
                .last_at = rows.instant_or_null(i, 10),
                .last_execution = rows.uuid_or_null(i, 11),
                .queued = rows.count(i, 12),
                .state = rows.text(i, 13),
                .error = rows.text(i, 14),
                .created_at = rows.instant(i, 15),
                .updated_at = rows.instant(i, 16),
                .runner = std::nullopt,
                .polled_at = rows.instant_or_null(i, 18)};
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (auto const runner = rows.uuid_or_null(i, 17)) found[i].runner = RunnerId{*runner};
  return found;
}

std::optional<ScheduleRow> only_schedule(backend::Rows const& rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(schedule_rows(rows).front());
}

}  // namespace

std::optional<ScheduleRow> find_schedule(backend::Session& session, ScheduleId id) {
  return only_schedule(session.query(select_schedule, std::array<Value, 1>{id}));
}

std::optional<ScheduleRow> lock_schedule(backend::Session& session, ScheduleId id) {
  return only_schedule(session.query(hold_schedule, std::array<Value, 1>{id}));
}

std::optional<ScheduleRow> lock_same(backend::Session& session, ScheduleRow const& wanted) {
  std::string_view const workflow = wanted.workflow, name = wanted.name,
                         expression = wanted.expression, timezone = wanted.timezone;
  if (wanted.kind == trigger_kind)
    return only_schedule(session.query(hold_trigger, std::array<Value, 1>{name}));
  if (!name.empty())
    return only_schedule(session.query(same_named, std::array<Value, 2>{workflow, name}));
  return only_schedule(
      session.query(same_unnamed, std::array<Value, 3>{workflow, expression, timezone}));
}

std::optional<ScheduleRow> find_trigger(backend::Session& session, std::string_view name) {
  return only_schedule(session.query(select_trigger, std::array<Value, 1>{name}));
}

std::vector<TriggerPoller> trigger_pollers(backend::Session& session, std::string_view names) {
  auto const rows = session.query(select_pollers, std::array<Value, 1>{names});
  std::vector<TriggerPoller> found(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    found[i] = {rows.uuid(i, 0), rows.text(i, 1), rows.integer(i, 2) != 0, std::nullopt};
    if (auto const runner = rows.uuid_or_null(i, 3)) found[i].runner = RunnerId{*runner};
  }
  return found;
}

std::vector<ScheduleRow> lock_triggers(backend::Session& session, std::string_view names) {
  return schedule_rows(session.query(hold_triggers, std::array<Value, 1>{names}));
}

bool are_polled_by_nobody(backend::Session& session, std::string_view names) {
  return !session.query(select_free_triggers, std::array<Value, 1>{names}).empty();
}

// Held first, asked second: what another has claimed since this statement began is seen.
void claim_triggers(backend::Session& session, std::string_view names, RunnerId runner) {
  (void)session.query(hold_pollers, std::array<Value, 1>{names});
  session.execute(claim_triggers_statement, std::array<Value, 2>{names, runner.value});
}

void release_triggers(backend::Session& session, std::string_view names, RunnerId runner) {
  session.execute(release_triggers_statement, std::array<Value, 2>{names, runner.value});
}

bool insert_schedule(backend::Session& session, ScheduleRow const& row) {
  std::array<Value, 12> const parameters{row.id,
                                         std::string_view{row.kind},
                                         std::string_view{row.workflow},
                                         std::string_view{row.name},
                                         std::string_view{row.expression},
                                         std::string_view{row.timezone},
                                         std::string_view{row.options},
                                         flag(row.paused),
                                         or_null(row.next_at),
                                         or_null(row.due_at),
                                         row.created_at,
                                         row.updated_at};
  return session.execute(insert_row, parameters) == 1;
}

bool update_schedule(backend::Session& session, ScheduleRow const& row) {
  std::array<Value, 10> const parameters{row.id,
                                         std::string_view{row.expression},
                                         std::string_view{row.timezone},
                                         std::string_view{row.options},
                                         flag(row.paused),
                                         or_null(row.next_at),
                                         or_null(row.due_at),
                                         or_null(std::string_view{row.error}),
                                         row.updated_at,
                                         std::string_view{row.workflow}};
  return session.execute(update_row, parameters) == 1;
}

bool delete_schedule(backend::Session& session, ScheduleId id) {
  std::array<Value, 1> const parameters{id};
  session.execute(delete_firings, parameters);
  session.execute(delete_misses, parameters);
  return session.execute(delete_row, parameters) == 1;
}

std::vector<ScheduleRow> list_schedules(backend::Session& session, ScheduleFilter const& filter) {
  std::array<Value, 4> const parameters{filter.kind, flag(filter.enabled_only),
                                        static_cast<std::int64_t>(filter.limit),
                                        static_cast<std::int64_t>(filter.offset)};
  return schedule_rows(session.query(select_schedules, parameters));
}

std::vector<ScheduleRow> lock_due(backend::Session& session, std::string_view workflows,
                                  Instant now, std::size_t limit) {
  std::array<Value, 3> const parameters{workflows, now, static_cast<std::int64_t>(limit)};
  return schedule_rows(session.query(due_statement, parameters));
}

std::optional<Instant> next_due(backend::Session& session, std::string_view workflows) {
  auto const rows = session.query(next_due_statement, std::array<Value, 1>{workflows});
  if (rows.empty()) return std::nullopt;
  return rows.instant(0, 0);
}

std::vector<WaitingSchedules> schedules_known_to_nobody(backend::Session& session, Instant since) {
  auto const rows = session.query(select_strange_schedules, std::array<Value, 1>{since});
  std::vector<WaitingSchedules> found;
  for (std::size_t i = 0; i < rows.size(); ++i)
    found.push_back({rows.text(i, 0), rows.count(i, 1)});
  return found;
}

void advance_schedules(backend::Session& session, std::vector<ScheduleRow> const& rows) {
  Columns<9> all{rows.size()};
  for (auto const& row : rows)
    all.add(row.id, or_null(row.next_at), or_null(row.due_at), or_null(row.last_at),
            or_null(row.last_execution), std::int64_t{row.queued},
            or_null(std::string_view{row.error}), or_null(std::string_view{row.state}),
            or_null(row.polled_at));
  session.apply(advance_statement, all.get());
}

}  // namespace cloacina::dal
