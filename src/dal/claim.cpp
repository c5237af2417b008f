#include "dal/claim.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cloacina::dal {
namespace {

using backend::Statement;
using backend::Value;

constexpr auto claim_sql = join(R"sql(
      UPDATE {s}.workflow_executions SET owner = $1
      WHERE id IN (
        SELECT id FROM (
          SELECT * FROM (
            SELECT id, priority FROM {s}.workflow_executions
            WHERE owner IS NULL AND status IN ('Pending', 'Running') AND start_after IS NULL
              AND workflow || '@' || version IN (SELECT value FROM json_each($3))
            ORDER BY priority DESC, id LIMIT $4)
          UNION ALL
          SELECT * FROM (
            SELECT id, priority FROM {s}.workflow_executions
            WHERE owner IS NULL AND status IN ('Pending', 'Running')
              AND start_after IS NOT NULL AND start_after <= $2
              AND workflow || '@' || version IN (SELECT value FROM json_each($3))
            ORDER BY priority DESC, id LIMIT $4))
        ORDER BY priority DESC, id LIMIT $4)
      RETURNING )sql",
                                execution_columns);
constexpr auto claim_postgres = join(R"sql(
      WITH wanted (runner, now, workflows, most) AS (
        SELECT $1::uuid, $2::timestamptz, ARRAY(SELECT json_array_elements_text($3::json)),
          $4::bigint),)sql",
                                     claimed_of_wanted, " SELECT * FROM claimed");
constexpr Statement claim_executions{
    .name = "claim", .sqlite = claim_sql, .postgres = claim_postgres};

}  // namespace

void claim(backend::Session& session, RunnerId me, ClaimRequest const& request,
           Committed& committed) {
  if (request.limit == 0) return;
  std::array<Value, 4> const parameters{me.value, request.now, request.known,
                                        static_cast<std::int64_t>(request.limit)};
  take_claimed(session.query(claim_executions, parameters), committed);
}

void take_claimed(backend::Rows const& rows, Committed& committed) {
  auto found = readable_rows(rows);
  committed.claimed = std::move(found.rows);
  committed.unreadable = std::move(found.unreadable);
  // RETURNING promises no order.
  std::sort(committed.claimed.begin(), committed.claimed.end(),
            [](ExecutionRow const& a, ExecutionRow const& b) {
              return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
            });
}

}  // namespace cloacina::dal
