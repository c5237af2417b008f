#include "dal/task_attempts.hpp"

#include <array>

namespace cloacina::dal {
namespace {

constexpr backend::Statement select_attempts{.name = "attempts_of", .sqlite = R"sql(
      SELECT task, attempt, status, error, started_at, ended_at
      FROM {s}.task_attempts
      WHERE execution_id = $1 ORDER BY ended_at, task, attempt)sql"};

}  // namespace

std::vector<AttemptRow> attempts_of(backend::Session& session, ExecutionId execution) {
  std::array<backend::Value, 1> const parameters{execution};
  auto const rows = session.query(select_attempts, parameters);
  std::vector<AttemptRow> result(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& row = result[i];
    row.execution = execution;
    row.task = rows.text(i, 0);
    row.attempt = rows.count(i, 1, 1);
    row.status = rows.text(i, 2);
    row.error = rows.text(i, 3);
    row.started_at = rows.instant_or_null(i, 4);
    row.ended_at = rows.instant_or_null(i, 5);
  }
  return result;
}

}  // namespace cloacina::dal
