#include <algorithm>
#include <array>

#include "core/sabotage.hpp"
#include "dal/columns.hpp"
#include "dal/runners.hpp"
#include "dal/sql_text.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

constexpr std::chrono::hours dead_rows_kept{24};

constexpr Statement declare_dead{.name = "declare_dead",
                                 .sqlite = R"sql(
      UPDATE {s}.runners SET state = 'dead', ended_at = $2
      WHERE state = 'alive' AND id <> $1 AND (lease_until < $3 OR boot_id <> $4)
      RETURNING id)sql",
                                 .postgres = R"sql(
      UPDATE {s}.runners SET state = 'dead', ended_at = $2
      WHERE id IN (
        SELECT id FROM {s}.runners
        WHERE state = 'alive' AND id <> $1
          AND (lease_until < clock_timestamp() + $3 * interval '1 microsecond' OR boot_id <> $4)
        FOR UPDATE SKIP LOCKED)
      RETURNING id)sql"};

// From owner to owner through the index: its cost grows with the runners, not with what they own.
constexpr Statement owners_not_alive{.name = "owners_not_alive",
                                     .sqlite = R"sql(
      WITH RECURSIVE owners (id) AS (
        SELECT min(owner) FROM {s}.workflow_executions WHERE owner IS NOT NULL
        UNION ALL
        SELECT (SELECT min(owner) FROM {s}.workflow_executions
                WHERE owner IS NOT NULL AND owner > owners.id)
        FROM owners WHERE owners.id IS NOT NULL)
      SELECT id FROM owners
      WHERE id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {s}.runners AS r
                        WHERE r.id = owners.id AND r.state = 'alive'))sql",
                                     .postgres = R"sql(
      WITH RECURSIVE owners (id) AS (
        (SELECT owner FROM {s}.workflow_executions WHERE owner IS NOT NULL ORDER BY owner LIMIT 1)
        UNION ALL
        SELECT (SELECT owner FROM {s}.workflow_executions
                WHERE owner IS NOT NULL AND owner > owners.id ORDER BY owner LIMIT 1)
        FROM owners WHERE owners.id IS NOT NULL)
      SELECT id FROM owners
      WHERE id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {s}.runners AS r
                        WHERE r.id = owners.id AND r.state = 'alive'))sql"};

// R10: whether the body ran to its end cannot be known, and it must not run twice.
constexpr Statement fail_at_most_once{.name = "fail_at_most_once",
                                      .sqlite = R"sql(
      UPDATE {s}.task_executions AS t
      SET status = 'Failed', error = 'outcome unknown: owner lost', completed_at = $2,
          wake_at = NULL
      FROM {s}.workflow_executions AS e
      WHERE e.owner = $1 AND t.execution_id = e.id
        AND t.status = 'Running' AND t.at_most_once = 1)sql",
                                      .postgres = R"sql(
      UPDATE {s}.task_executions AS t
      SET status = 'Failed', error = 'outcome unknown: owner lost', completed_at = $2,
          wake_at = NULL
      FROM {s}.workflow_executions AS e
      WHERE e.owner = $1 AND t.execution_id = e.id AND t.status = 'Running' AND t.at_most_once)sql"};

// R9: only where an earlier takeover made the start markers awaited ones, so that a Running row
// means a running body. The wait is 1 s, doubled with each crash up to 68 minutes: `max_crashes`
// may be as large as 100.
constexpr char add_a_crash[] = R"sql(
      UPDATE {s}.task_executions AS t
      SET crashes = t.crashes + 1,
          status = CASE WHEN t.crashes + 1 >= $3 THEN 'Failed' ELSE 'Ready' END,
          error = CASE WHEN t.crashes + 1 >= $3
                       THEN 'task ''' || t.task || ''' crashed ' || (t.crashes + 1)
                         || ' times: its runner was lost each time while it ran; a body that'
                         || ' kills its process, kills from outside and stalls longer than'
                         || ' the lease cannot be told apart'
                       ELSE t.error END,)sql";
constexpr char where_it_was_known_to_run[] = R"sql(
      FROM {s}.workflow_executions AS e
      WHERE e.owner = $1 AND e.takeovers >= 1
        AND t.execution_id = e.id AND t.status = 'Running')sql";
constexpr auto count_crashes_sql = join(add_a_crash, R"sql(
          completed_at = CASE WHEN t.crashes + 1 >= $3 THEN $2 END,
          wake_at = CASE WHEN t.crashes + 1 < $3
                         THEN $2 + (1000000 << min(t.crashes, 12)) END)sql",
                                        where_it_was_known_to_run);
constexpr auto count_crashes_postgres = join(add_a_crash, R"sql(
          completed_at = CASE WHEN t.crashes + 1 >= $3 THEN $2::timestamptz END,
          wake_at = CASE WHEN t.crashes + 1 < $3
                         THEN $2::timestamptz
                           + (1 << least(t.crashes, 12)::integer) * interval '1 second' END)sql",
                                             where_it_was_known_to_run);
constexpr Statement count_crashes{
    .name = "count_crashes", .sqlite = count_crashes_sql, .postgres = count_crashes_postgres};

// What the trial poison must notice: tasks counted that nobody knows to have been running.
constexpr Statement take_for_suspects{.name = "count_crashes", .sqlite = R"sql(
      UPDATE {s}.workflow_executions SET takeovers = takeovers + 1 WHERE owner = $1)sql"};

constexpr Statement restart_running{.name = "restart_running", .sqlite = R"sql(
      UPDATE {s}.task_executions AS t SET status = 'Ready', started_at = NULL
      FROM {s}.workflow_executions AS e
      WHERE e.owner = $1 AND t.execution_id = e.id AND t.status = 'Running')sql"};

constexpr Statement record_lost_attempts{.name = "record_lost_attempts", .sqlite = R"sql(
      INSERT INTO {s}.task_attempts (execution_id, task, attempt, runner_id, status, error,
        started_at, ended_at)
      SELECT t.execution_id, t.task, t.attempt, e.owner, 'Failed', t.error, t.started_at, $2
      FROM {s}.workflow_executions AS e
      JOIN {s}.task_executions AS t ON t.execution_id = e.id
      WHERE e.owner = $1 AND t.status = 'Failed' AND t.completed_at = $2 AND t.error IS NOT NULL
      ON CONFLICT DO NOTHING)sql"};

constexpr Statement take_executions{.name = "take_executions", .sqlite = R"sql(
      UPDATE {s}.workflow_executions SET owner = NULL, takeovers = takeovers + 1
      WHERE owner = $1)sql"};

constexpr Statement release_executions{
    .name = "release_executions",
    .sqlite = "UPDATE {s}.workflow_executions SET owner = NULL WHERE owner = $1"};

constexpr Statement stop_runner{
    .name = "stop_runner",
    .sqlite = "UPDATE {s}.runners SET state = 'stopped', ended_at = $2 WHERE id = $1"};

constexpr Statement forget_runners{
    .name = "forget_runners",
    .sqlite = "DELETE FROM {s}.runners WHERE state <> 'alive' AND ended_at < $1"};

/// Everything that happens to the tasks of an owner that is lost or leaves; `max_crashes` 0: it
/// leaves, nothing counts.
void settle_running_tasks(backend::Session& session, ExecutionId owner, Instant now,
                          std::uint32_t max_crashes) {
  std::array<Value, 2> const owner_and_time{owner, now};
  session.execute(fail_at_most_once, owner_and_time);
  if (max_crashes != 0) {
    static bool const sabotaged = is_sabotaged("count_all");
    if (sabotaged) session.execute(take_for_suspects, std::array<Value, 1>{owner});
    std::array<Value, 3> const parameters{owner, now, std::int64_t{max_crashes}};
    session.execute(count_crashes, parameters);
  }
  session.execute(record_lost_attempts, owner_and_time);
  std::array<Value, 1> const only_owner{owner};
  session.execute(restart_running, only_owner);
}

std::vector<ExecutionId> ids_of(backend::Rows const& rows) {
  std::vector<ExecutionId> ids;
  for (std::size_t row = 0; row < rows.size(); ++row) ids.push_back(rows.uuid(row, 0));
  return ids;
}

}  // namespace

TakeoverResult take_over(backend::Database& database, backend::Session& session, Fence const& fence,
                         Instant now, std::uint32_t max_crashes,
                         std::function<bool()> const& allowed) {
  TakeoverResult result;
  result.outcome = fenced(database, session, fence, [&](Committed&) {
    if (!allowed()) return;
    auto const boot_id = database.boot_id();
    std::array<Value, 4> const parameters{fence.runner.value, now,
                                          std::int64_t{database.lease_now().count()},
                                          std::string_view{boot_id}};
    auto const dead = ids_of(session.query(declare_dead, parameters));
    result.runners = dead.size();
    for (auto const owner : ids_of(session.query(owners_not_alive))) {
      settle_running_tasks(session, owner, now, max_crashes);
      std::array<Value, 1> const only_owner{owner};
      result.executions += session.execute(take_executions, only_owner);
      if (std::find(dead.begin(), dead.end(), owner) == dead.end()) ++result.orphans;
    }
    std::array<Value, 1> const longest_ago{now - dead_rows_kept};
    session.execute(forget_runners, longest_ago);
  });
  return result;
}

Outcome release(backend::Database& database, backend::Session& session, Fence const& fence,
                Instant now) {
  return fenced(database, session, fence, [&](Committed&) {
    settle_running_tasks(session, fence.runner.value, now, 0);
    std::array<Value, 1> const me{fence.runner.value};
    session.execute(release_executions, me);
    std::array<Value, 2> const me_and_time{fence.runner.value, now};
    session.execute(stop_runner, me_and_time);
  });
}

}  // namespace cloacina::dal
