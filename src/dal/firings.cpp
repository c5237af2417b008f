#include "dal/firings.hpp"

#include <algorithm>
#include <array>

#include "core/sabotage.hpp"
#include "dal/columns.hpp"
#include "dal/transaction.hpp"
#include "dal/workflow_executions.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

// The key is what lets an instant fire once only, whoever fires it.
constexpr Statement insert_firing{.name = "insert_firing",
                                  .sqlite = R"sql(
      INSERT INTO {s}.schedule_firings (schedule_id, nominal_at, outcome, reason, execution_id,
        context_hash, recorded_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT DO NOTHING)sql",
                                  .postgres = R"sql(
      WITH given AS (
        SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::uuid[],
                             $6::text[], $7::timestamptz[]) WITH ORDINALITY
          AS g (schedule_id, nominal_at, outcome, reason, execution_id, context_hash, recorded_at,
                n)),
      inserted AS (
        INSERT INTO {s}.schedule_firings (schedule_id, nominal_at, outcome, reason, execution_id,
          context_hash, recorded_at)
        SELECT schedule_id, nominal_at, outcome, reason, execution_id, context_hash, recorded_at
        FROM given
        ON CONFLICT DO NOTHING RETURNING schedule_id, nominal_at)
      SELECT n FROM given JOIN inserted USING (schedule_id, nominal_at))sql"};

// One that waited fires; so does one that was skipped, when it is backfilled.
constexpr Statement fire_waiting{.name = "fire_waiting",
                                 .sqlite = R"sql(
      UPDATE {s}.schedule_firings
      SET outcome = 'fired', reason = NULL, execution_id = $3, recorded_at = $4
      WHERE schedule_id = $1 AND nominal_at = $2 AND outcome <> 'fired')sql",
                                 .postgres = R"sql(
      UPDATE {s}.schedule_firings AS f
      SET outcome = 'fired', reason = NULL, execution_id = g.execution, recorded_at = g.at
      FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::timestamptz[]) WITH ORDINALITY
        AS g (id, nominal, execution, at, n)
      WHERE f.schedule_id = g.id AND f.nominal_at = g.nominal AND f.outcome <> 'fired'
      RETURNING g.n)sql"};

// A line grows while polls of a trigger go on in the same way.
constexpr Statement insert_miss{.name = "insert_miss",
                                .sqlite = R"sql(
      INSERT INTO {s}.schedule_misses (schedule_id, first_at, last_at, instants, outcome, reason,
        recorded_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (schedule_id, first_at) DO UPDATE SET last_at = excluded.last_at,
        instants = excluded.instants, reason = excluded.reason,
        recorded_at = excluded.recorded_at)sql",
                                .postgres = R"sql(
      WITH given AS (
        SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::bigint[],
                             $5::text[], $6::text[], $7::timestamptz[]) WITH ORDINALITY
          AS g (schedule_id, first_at, last_at, instants, outcome, reason, recorded_at, n)),
      inserted AS (
        INSERT INTO {s}.schedule_misses (schedule_id, first_at, last_at, instants, outcome, reason,
          recorded_at)
        SELECT schedule_id, first_at, last_at, instants, outcome, reason, recorded_at FROM given
        ON CONFLICT (schedule_id, first_at) DO UPDATE SET last_at = excluded.last_at,
          instants = excluded.instants, reason = excluded.reason,
          recorded_at = excluded.recorded_at
        RETURNING schedule_id, first_at)
      SELECT n FROM given JOIN inserted USING (schedule_id, first_at))sql"};

constexpr Statement select_unfinished{.name = "execution_unfinished", .sqlite = R"sql(
      SELECT 1 FROM {s}.workflow_executions WHERE id = $1 AND completed_at IS NULL)sql"};

constexpr Statement select_queued{.name = "first_queued", .sqlite = R"sql(
      SELECT nominal_at FROM {s}.schedule_firings
      WHERE schedule_id = $1 AND outcome = 'queued' ORDER BY nominal_at LIMIT 1)sql"};

constexpr Statement select_firing{.name = "firing_at", .sqlite = R"sql(
      SELECT outcome, execution_id FROM {s}.schedule_firings
      WHERE schedule_id = $1 AND nominal_at = $2)sql"};

constexpr Statement select_missed_within{.name = "missed_within", .sqlite = R"sql(
      SELECT first_at, last_at, instants, reason FROM {s}.schedule_misses
      WHERE schedule_id = $1 AND first_at <= $3 AND last_at >= $2 AND outcome = 'missed')sql"};
constexpr Statement delete_miss{.name = "delete_miss", .sqlite = R"sql(
      DELETE FROM {s}.schedule_misses WHERE schedule_id = $1 AND first_at = $2)sql"};

constexpr Statement select_history{.name = "list_firings",
                                   .sqlite = R"sql(
      SELECT nominal_at AS at, NULL AS until, 1 AS instants, outcome, coalesce(reason, ''),
        execution_id, recorded_at
      FROM {s}.schedule_firings WHERE schedule_id = $1
      UNION ALL
      SELECT first_at, last_at, instants, outcome, reason, NULL, recorded_at
      FROM {s}.schedule_misses WHERE schedule_id = $1
      ORDER BY at DESC, outcome LIMIT $2 OFFSET $3)sql",
                                   .postgres = R"sql(
      SELECT nominal_at AS at, NULL::timestamptz AS until, 1::bigint AS instants, outcome,
        coalesce(reason, ''), execution_id, recorded_at
      FROM {s}.schedule_firings WHERE schedule_id = $1
      UNION ALL
      SELECT first_at, last_at, instants, outcome, reason, NULL, recorded_at
      FROM {s}.schedule_misses WHERE schedule_id = $1
      ORDER BY at DESC, outcome LIMIT $2 OFFSET $3)sql"};

constexpr Statement select_counts{.name = "count_firings", .sqlite = R"sql(
      SELECT
        coalesce(sum(CASE WHEN f.outcome = 'fired' THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN e.status = 'Completed' THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN f.outcome = 'fired' AND e.id IS NULL THEN 1 ELSE 0 END), 0),
        coalesce(sum(CASE WHEN f.outcome = 'skipped' THEN 1 ELSE 0 END), 0)
      FROM {s}.schedule_firings AS f
      JOIN {s}.schedules AS s ON s.id = f.schedule_id AND s.kind = 'cron'
      LEFT JOIN {s}.workflow_executions AS e ON e.id = f.execution_id
      WHERE f.recorded_at >= $1)sql"};

constexpr Statement select_missed{.name = "count_missed",
                                  .sqlite = R"sql(
      SELECT coalesce(sum(coalesce(instants, 1000)), 0) FROM {s}.schedule_misses
      WHERE recorded_at >= $1 AND outcome = 'missed')sql",
                                  .postgres = R"sql(
      SELECT coalesce(sum(coalesce(instants, 1000)), 0)::bigint FROM {s}.schedule_misses
      WHERE recorded_at >= $1 AND outcome = 'missed')sql"};

}  // namespace

FiringOutcome firing_outcome_from(std::string_view word) {
  for (auto const outcome : {FiringOutcome::fired, FiringOutcome::queued, FiringOutcome::skipped,
                             FiringOutcome::missed, FiringOutcome::failed})
    if (to_string(outcome) == word) return outcome;
  throw BackendError{"a firing's outcome cannot be read: '" + std::string{word} + "'", "", ""};
}

namespace {

/// A firing and the decision that it belongs to.
struct Place {
  std::size_t decision = 0, firing = 0;
};

/// Which of them did what they are written for.
std::vector<bool> apply_places(std::vector<ScheduleDecision> const& decisions,
                               std::vector<Place> const& places, bool waiting, Instant now,
                               backend::Session& session) {
  if (places.empty()) return {};
  std::vector<std::size_t> changed;
  if (waiting) {
    Columns<4> columns{places.size()};
    for (auto const& [d, f] : places) {
      auto const& firing = decisions[d].firings[f];
      columns.add(decisions[d].row.id, firing.nominal, firing.execution, now);
    }
    changed = session.apply(fire_waiting, columns.get());
  } else {
    Columns<7> columns{places.size()};
    for (auto const& [d, f] : places) {
      auto const& firing = decisions[d].firings[f];
      bool const fires = firing.outcome == FiringOutcome::fired;
      columns.add(decisions[d].row.id, firing.nominal, to_string(firing.outcome),
                  or_null(std::string_view{firing.reason}),
                  fires ? Value{firing.execution} : Value{nullptr},
                  or_null(std::string_view{firing.context_hash}), now);
    }
    changed = session.apply(insert_firing, columns.get());
  }
  std::vector<bool> done(changed.size());
  for (std::size_t i = 0; i < changed.size(); ++i) done[i] = changed[i] != 0;
  return done;
}

void write_misses(backend::Session& session, std::vector<ScheduleDecision> const& decisions,
                  Instant now) {
  Columns<7> misses{0};
  for (auto const& [row, firings, missed] : decisions)
    for (auto const& line : missed)
      misses.add(row.id, line.first, line.last,
                 line.instants ? Value{static_cast<std::int64_t>(*line.instants)} : Value{nullptr},
                 to_string(line.outcome), std::string_view{line.reason}, now);
  if (!misses.empty()) session.apply(insert_miss, misses.get());
}

}  // namespace

std::size_t write_decisions(backend::Session& session, std::vector<ScheduleDecision>&& decisions,
                            Instant now) {
  std::vector<Place> fresh, waiting;
  for (std::size_t d = 0; d < decisions.size(); ++d)
    for (std::size_t f = 0; f < decisions[d].firings.size(); ++f)
      (decisions[d].firings[f].has_row ? waiting : fresh).push_back({d, f});
  // What the trial cron_day must notice: neither the cursor nor the key holds.
  static bool const doubled = is_sabotaged("no_unique_firing");
  auto const inserted = apply_places(decisions, fresh, false, now, session);
  auto const fired = apply_places(decisions, waiting, true, now, session);

  std::vector<ExecutionInsert> executions;
  auto const add = [&](Place const& place, bool written) {
    auto& [row, firings, missed] = decisions[place.decision];
    auto const& firing = firings[place.firing];
    if (firing.outcome != FiringOutcome::fired || !(written || doubled)) return;
    auto& insert = executions.emplace_back();
    insert.id = firing.execution;
    insert.workflow = row.workflow;
    insert.version = firing.workflow_version;
    insert.owned = false;
    insert.input = firing.input;
    insert.created_at = now;
    bool const is_latest = !row.last_at || *row.last_at < firing.nominal;
    if (is_latest || firing.has_row) row.last_execution = firing.execution;
    if (is_latest) row.last_at = firing.nominal;
  };
  for (std::size_t i = 0; i < waiting.size(); ++i) add(waiting[i], fired[i]);
  for (std::size_t i = 0; i < fresh.size(); ++i) add(fresh[i], inserted[i]);
  if (!executions.empty()) insert_unowned_rows(session, executions);
  write_misses(session, decisions, now);
  std::vector<ScheduleRow> rows;
  for (auto& decision : decisions) rows.push_back(std::move(decision.row));
  if (!rows.empty() && !doubled) advance_schedules(session, rows);
  return executions.size();
}

std::vector<bool> are_unfinished(backend::Session& session,
                                 std::vector<ScheduleRow> const& schedules) {
  std::vector<bool> unfinished(schedules.size());
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    if (!schedules[i].last_execution) continue;
    std::array<Value, 1> const parameters{*schedules[i].last_execution};
    unfinished[i] = !session.query(select_unfinished, parameters).empty();
  }
  return unfinished;
}

std::optional<Instant> first_queued(backend::Session& session, ScheduleId id) {
  auto const rows = session.query(select_queued, std::array<Value, 1>{id});
  if (rows.empty()) return std::nullopt;
  return rows.instant(0, 0);
}

std::optional<StoredFiring> firing_at(backend::Session& session, ScheduleId id, Instant nominal) {
  auto const rows = session.query(select_firing, std::array<Value, 2>{id, nominal});
  if (rows.empty()) return std::nullopt;
  return StoredFiring{firing_outcome_from(rows.text(0, 0)), rows.uuid_or_null(0, 1)};
}

std::vector<MissWrite> missed_within(backend::Session& session, ScheduleId id, Instant from,
                                     Instant to) {
  auto const rows = session.query(select_missed_within, std::array<Value, 3>{id, from, to});
  std::vector<MissWrite> lines(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    lines[i] = {rows.instant(i, 0), rows.instant(i, 1), std::nullopt, rows.text(i, 3)};
    if (!rows.is_null(i, 2)) lines[i].instants = static_cast<std::size_t>(rows.integer(i, 2));
  }
  return lines;
}

void delete_missed(backend::Session& session, ScheduleId id, Instant first) {
  session.execute(delete_miss, std::array<Value, 2>{id, first});
}

FireResult fire_due(backend::Database& database, backend::Session& session, Fence const& fence,
                    FireRequest const& request) {
  FireResult result;
  result.outcome = fenced(database, session, fence, [&](Committed&) {
    auto due = lock_due(session, request.workflows, request.now, request.limit);
    for (auto const& row : due) result.schedules.push_back(row.id);
    if (due.empty()) return;
    // Asked once the schedules are held: who has not seen an execution end fires after it.
    auto const unfinished = are_unfinished(session, due);
    std::vector<ScheduleDecision> decisions;
    for (std::size_t i = 0; i < due.size(); ++i) {
      auto const queued = due[i].queued > 0 ? first_queued(session, due[i].id) : std::nullopt;
      decisions.push_back(request.decide(std::move(due[i]), unfinished[i], queued));
    }
    result.executions = write_decisions(session, std::move(decisions), request.now);
  });
  return result;
}

std::vector<CronFiring> list_firings(backend::Session& session, ScheduleId id, std::size_t limit,
                                     std::size_t offset) {
  std::array<Value, 3> const parameters{id, static_cast<std::int64_t>(limit),
                                        static_cast<std::int64_t>(offset)};
  auto const rows = session.query(select_history, parameters);
  std::vector<CronFiring> history(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& firing = history[i];
    firing.schedule = id;
    firing.scheduled_time = rows.instant(i, 0);
    firing.until = rows.instant_or_null(i, 1);
    if (!rows.is_null(i, 2)) firing.instants = static_cast<std::size_t>(rows.integer(i, 2));
    firing.outcome = firing_outcome_from(rows.text(i, 3));
    firing.reason = rows.text(i, 4);
    firing.execution = rows.uuid_or_null(i, 5);
    firing.recorded_at = rows.instant(i, 6);
  }
  return history;
}

CronStats count_firings(backend::Session& session, Instant since) {
  std::array<Value, 1> const parameters{since};
  auto const counts = session.query(select_counts, parameters);
  auto const missed = session.query(select_missed, parameters);
  auto const number = [&](std::size_t column) {
    return static_cast<std::size_t>(counts.integer(0, column));
  };
  return {.total_executions = number(0),
          .successful_executions = number(1),
          .lost_executions = number(2),
          .skipped = number(3),
          .missed = static_cast<std::size_t>(missed.integer(0, 0))};
}

}  // namespace cloacina::dal
