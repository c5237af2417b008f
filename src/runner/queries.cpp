#include "runner/queries.hpp"

#include <string>
#include <utility>

#include <cloacina/error.hpp>

#include "dal/runners.hpp"
#include "dal/workflow_executions.hpp"
#include "engine/result.hpp"
#include "runner/check_text.hpp"
#include "runner/with_reader.hpp"

namespace cloacina::detail {
namespace {

dal::ExecutionRow find_with(backend::Session& session, ExecutionId id) {
  auto row = dal::find_execution(session, id);
  if (row) return std::move(*row);
  auto const text = id.to_string();
  throw ExecutionNotFound{"no execution " + text + " in this database", text};
}

}  // namespace

dal::ExecutionRow find_execution(backend::Database& database, ExecutionId id) {
  return with_reader(database, [id](backend::Session& reader) { return find_with(reader, id); });
}

ExecutionResult read_result(backend::Database& database, ExecutionId id) {
  return with_reader(database, [id](backend::Session& reader) {
    auto const row = find_with(reader, id);
    if (!is_final(row.status)) {
      throw StateError{"execution " + id.to_string() + " is " + std::string{to_string(row.status)} +
                           "; a result is there once it is Completed, Failed or Cancelled",
                       id.to_string()};
    }
    return engine::load_result(reader, row);
  });
}

std::vector<TaskResult> read_tasks(backend::Database& database, ExecutionId id) {
  return with_reader(database, [id](backend::Session& reader) {
    return engine::load_result(reader, find_with(reader, id)).tasks();
  });
}

std::vector<ExecutionInfo> list_executions(backend::Database& database,
                                           ListOptions const& options) {
  check_limit(options.limit);
  check_text("workflow", options.workflow);
  dal::ListFilter filter;
  filter.workflow = options.workflow;
  filter.status = options.status;
  filter.limit = options.limit;
  filter.after = options.after;
  auto rows = with_reader(database, [&filter](backend::Session& reader) {
    return dal::list_executions(reader, filter);
  });
  std::vector<ExecutionInfo> infos;
  for (auto& row : rows) {
    infos.push_back({.id = row.id,
                     .workflow = std::move(row.workflow),
                     .version = std::move(row.version),
                     .status = row.status,
                     .priority = row.priority,
                     .error = std::move(row.error).value_or(""),
                     .idempotency_key = std::move(row.idempotency_key).value_or(""),
                     .created_at = row.created_at,
                     .start_after = row.start_after,
                     .started_at = row.started_at,
                     .completed_at = row.completed_at});
  }
  return infos;
}

dal::CancelAnswer answer_to(backend::Database& database, ExecutionId request) {
  return with_reader(
      database, [request](backend::Session& reader) { return dal::answer_to(reader, request); });
}

std::vector<RunnerInfo> list_runners(backend::Database& database) {
  auto runners = with_reader(database, [&database](backend::Session& reader) {
    return dal::list_runners(database, reader);
  });
  std::vector<RunnerInfo> infos;
  for (auto& [row, state, overdue, executions, ended_at] : runners) {
    infos.push_back({.id = row.id.value,
                     .name = std::move(row.name),
                     .host = std::move(row.host),
                     .pid = row.pid,
                     .library_version = std::move(row.library_version),
                     .state = overdue ? RunnerState::overdue : runner_state_from(state),
                     .executions = executions,
                     .started_at = row.started_at,
                     .ended_at = ended_at});
  }
  return infos;
}

}  // namespace cloacina::detail
