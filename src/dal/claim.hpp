#pragma once

#include "backend/session.hpp"
#include "dal/batch.hpp"
#include "dal/execution_columns.hpp"
#include "dal/sql_text.hpp"

namespace cloacina::dal {

/// R3, in the words of PostgreSQL: the parts `wanted` (runner, now, workflows, most), one row, to
/// `claimed`, which has the execution columns of what was claimed. What others are claiming is
/// passed over.
///
/// Two searches, each over a partial index: neither what is delayed nor what is finished is passed
/// over.
inline constexpr auto claimed_of_wanted = join(R"sql(
      at_once AS (
        SELECT id, priority FROM {s}.workflow_executions
        WHERE owner IS NULL AND status IN ('Pending', 'Running') AND start_after IS NULL
          AND workflow || '@' || version = ANY ((SELECT workflows FROM wanted)::text[])
        ORDER BY priority DESC, id LIMIT (SELECT most FROM wanted) FOR UPDATE SKIP LOCKED),
      due AS (
        SELECT id, priority FROM {s}.workflow_executions
        WHERE owner IS NULL AND status IN ('Pending', 'Running')
          AND start_after IS NOT NULL AND start_after <= (SELECT now FROM wanted)
          AND workflow || '@' || version = ANY ((SELECT workflows FROM wanted)::text[])
        ORDER BY priority DESC, id LIMIT (SELECT most FROM wanted) FOR UPDATE SKIP LOCKED),
      first AS (
        SELECT id FROM (SELECT * FROM at_once UNION ALL SELECT * FROM due) AS either
        ORDER BY priority DESC, id LIMIT (SELECT most FROM wanted)),
      claimed AS (
        UPDATE {s}.workflow_executions SET owner = (SELECT runner FROM wanted)
        WHERE id IN (SELECT id FROM first)
        RETURNING )sql",
                                               execution_columns, ")");

/// In a transaction behind the fence.
void claim(backend::Session& session, RunnerId me, ClaimRequest const& request,
           Committed& committed);

/// Takes over what a claim returned: rows of the execution columns, and perhaps others behind them.
void take_claimed(backend::Rows const& rows, Committed& committed);

}  // namespace cloacina::dal
