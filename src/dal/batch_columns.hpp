#pragma once

#include "dal/batch.hpp"
#include "dal/columns.hpp"

namespace cloacina::dal {

// The rows of a batch as parameters, in the order of the statements that write them.

/// id, workflow, version, status, priority, owner, input, idempotency key, created at, start after,
/// started at, deadline.
[[nodiscard]] Columns<12> columns_of(std::vector<ExecutionInsert> const& rows, RunnerId me);

/// Adds execution, task, status, attempt, crashes, at most once, started at, completed at, wake at,
/// delta, error, skip reason.
void add_columns(Columns<12>& columns, TaskWrite const& row);

/// Execution, task, attempt, runner, status, error, started at, ended at.
[[nodiscard]] Columns<8> columns_of(std::vector<AttemptInsert> const& rows, RunnerId me);

/// `crashes` is not among what is replaced: only a takeover counts them (R9).
inline constexpr char replace_task[] = R"sql(
      ON CONFLICT (execution_id, task) DO UPDATE SET
        status = excluded.status, attempt = excluded.attempt,
        at_most_once = excluded.at_most_once, started_at = excluded.started_at,
        completed_at = excluded.completed_at, wake_at = excluded.wake_at,
        delta = excluded.delta, error = excluded.error, skip_reason = excluded.skip_reason)sql";

}  // namespace cloacina::dal
