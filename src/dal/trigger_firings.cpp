#include "dal/trigger_firings.hpp"

#include <array>
#include <utility>

#include <cloacina/json.hpp>

#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

// Of each the latest are asked for: an older one is unfinished only where `allow_concurrent` was
// set before.
constexpr Statement select_unfinished_hashes{.name = "unfinished_hashes",
                                             .sqlite = R"sql(
      SELECT h.value FROM json_each($2) AS h
      WHERE EXISTS (SELECT 1 FROM {s}.workflow_executions AS e
                    WHERE e.completed_at IS NULL
                      AND e.id IN (SELECT f.execution_id FROM {s}.schedule_firings AS f
                                   WHERE f.schedule_id = $1 AND f.context_hash = h.value
                                   ORDER BY f.nominal_at DESC LIMIT 100)))sql",
                                             .postgres = R"sql(
      SELECT h.value FROM json_array_elements_text($2::json) AS h (value)
      WHERE EXISTS (SELECT 1 FROM (SELECT f.execution_id FROM {s}.schedule_firings AS f
                                   WHERE f.schedule_id = $1 AND f.context_hash = h.value
                                   ORDER BY f.nominal_at DESC LIMIT 100) AS f
                    JOIN {s}.workflow_executions AS e ON e.id = f.execution_id
                    WHERE e.completed_at IS NULL))sql"};

constexpr Statement select_trigger_history{.name = "list_trigger_firings",
                                           .sqlite = R"sql(
      SELECT f.nominal_at AS at, NULL AS until, 1 AS polls, f.outcome, coalesce(f.reason, ''),
        f.execution_id, coalesce(f.context_hash, ''), e.created_at, e.completed_at, f.recorded_at
      FROM {s}.schedule_firings AS f
      LEFT JOIN {s}.workflow_executions AS e ON e.id = f.execution_id
      WHERE f.schedule_id = $1
      UNION ALL
      SELECT first_at, last_at, instants, outcome, reason, NULL, '', NULL, NULL, recorded_at
      FROM {s}.schedule_misses WHERE schedule_id = $1
      ORDER BY at DESC LIMIT $2 OFFSET $3)sql",
                                           .postgres = R"sql(
      SELECT f.nominal_at AS at, NULL::timestamptz AS until, 1::bigint AS polls, f.outcome,
        coalesce(f.reason, ''), f.execution_id, coalesce(f.context_hash, ''), e.created_at,
        e.completed_at, f.recorded_at
      FROM {s}.schedule_firings AS f
      LEFT JOIN {s}.workflow_executions AS e ON e.id = f.execution_id
      WHERE f.schedule_id = $1
      UNION ALL
      SELECT first_at, last_at, instants, outcome, reason, NULL, '', NULL, NULL, recorded_at
      FROM {s}.schedule_misses WHERE schedule_id = $1
      ORDER BY at DESC LIMIT $2 OFFSET $3)sql"};

std::set<std::string, std::less<>> unfinished_hashes(backend::Session& session, ScheduleId id,
                                                     std::vector<std::string_view> const& hashes) {
  auto const list = Json(hashes).dump();
  auto const rows =
      session.query(select_unfinished_hashes, std::array<Value, 2>{id, std::string_view{list}});
  std::set<std::string, std::less<>> found;
  for (std::size_t i = 0; i < rows.size(); ++i) found.insert(rows.text(i, 0));
  return found;
}

}  // namespace

Outcome write_polls(backend::Database& database, backend::Session& session, Fence const& fence,
                    PollRequest const& request) {
  return fenced(database, session, fence, [&](Committed&) {
    std::vector<ScheduleDecision> decisions;
    for (auto& row : lock_triggers(session, request.names)) {
      auto const id = row.id;
      auto decision = request.decide(std::move(row), [&session, id](auto const& hashes) {
        return unfinished_hashes(session, id, hashes);
      });
      if (decision) decisions.push_back(std::move(*decision));
    }
    if (!decisions.empty()) write_decisions(session, std::move(decisions), request.now);
  });
}

Outcome claim_triggers(backend::Database& database, backend::Session& session, Fence const& fence,
                       std::string_view names) {
  return fenced(database, session, fence,
                [&](Committed&) { claim_triggers(session, names, fence.runner); });
}

Outcome release_triggers(backend::Database& database, backend::Session& session, Fence const& fence,
                         std::string_view names) {
  return fenced(database, session, fence,
                [&](Committed&) { release_triggers(session, names, fence.runner); });
}

std::vector<TriggerFiring> list_trigger_firings(backend::Session& session, ScheduleId id,
                                                std::size_t limit, std::size_t offset) {
  std::array<Value, 3> const parameters{id, static_cast<std::int64_t>(limit),
                                        static_cast<std::int64_t>(offset)};
  auto const rows = session.query(select_trigger_history, parameters);
  std::vector<TriggerFiring> history(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& firing = history[i];
    firing.schedule = id;
    firing.polled_at = rows.instant(i, 0);
    firing.until = rows.instant_or_null(i, 1);
    firing.polls = static_cast<std::size_t>(rows.integer(i, 2));
    firing.outcome = firing_outcome_from(rows.text(i, 3));
    firing.reason = rows.text(i, 4);
    firing.execution = rows.uuid_or_null(i, 5);
    firing.context_hash = rows.text(i, 6);
    firing.started_at = rows.instant_or_null(i, 7);
    firing.completed_at = rows.instant_or_null(i, 8);
    firing.recorded_at = rows.instant(i, 9);
  }
  return history;
}

}  // namespace cloacina::dal
