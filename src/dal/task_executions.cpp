#include "dal/task_executions.hpp"

#include <array>

namespace cloacina::dal {
namespace {

constexpr backend::Statement select_tasks{.name = "tasks_of", .sqlite = R"sql(
      SELECT task, status, attempt, crashes, delta, error, skip_reason, started_at,
      completed_at, wake_at
      FROM {s}.task_executions
      WHERE execution_id = $1 ORDER BY task)sql"};

}  // namespace

std::vector<TaskRow> tasks_of(backend::Session& session, ExecutionId execution) {
  std::array<backend::Value, 1> const parameters{execution};
  auto const rows = session.query(select_tasks, parameters);
  std::vector<TaskRow> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& row = result[i];
    row.execution = execution;
    row.task = rows.text(i, 0);
    row.status = task_status_from(rows.text(i, 1));
    row.attempt = rows.count(i, 2, 1);
    row.crashes = rows.count(i, 3);
    row.delta = rows.text_or_null(i, 4);
    row.error = rows.text_or_null(i, 5);
    row.skip_reason = rows.text_or_null(i, 6);
    row.started_at = rows.instant_or_null(i, 7);
    row.completed_at = rows.instant_or_null(i, 8);
    row.wake_at = rows.instant_or_null(i, 9);
  }
  return result;
}

}  // namespace cloacina::dal
