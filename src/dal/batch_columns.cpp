#include "dal/batch_columns.hpp"

#include "dal/execution_inputs.hpp"

namespace cloacina::dal {

using backend::Value;

Columns<12> columns_of(std::vector<ExecutionInsert> const& rows, RunnerId me) {
  Columns<12> columns{rows.size()};
  for (auto const& row : rows)
    columns.add(row.id, row.workflow, row.version, to_string(row.status),
                std::int64_t{row.priority}, row.owned ? Value{me.value} : Value{nullptr},
                own_input(row.input), or_null(row.idempotency_key), row.created_at,
                or_null(row.start_after), or_null(row.started_at), or_null(row.deadline));
  return columns;
}

void add_columns(Columns<12>& columns, TaskWrite const& row) {
  columns.add(row.execution, row.task, to_string(row.status), std::int64_t{row.attempt},
              std::int64_t{row.crashes}, flag(row.at_most_once), or_null(row.started_at),
              or_null(row.completed_at), or_null(row.wake_at), or_null(row.delta),
              or_null(row.error), or_null(row.skip_reason));
}

Columns<8> columns_of(std::vector<AttemptInsert> const& rows, RunnerId me) {
  Columns<8> columns{rows.size()};
  for (auto const& row : rows)
    columns.add(row.execution, row.task, std::int64_t{row.attempt}, me.value, row.status, row.error,
                or_null(row.started_at), row.ended_at);
  return columns;
}

}  // namespace cloacina::dal
