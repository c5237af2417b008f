#pragma once

#include <vector>

#include <cloacina/execution_id.hpp>
#include <cloacina/execution_info.hpp>
#include <cloacina/execution_result.hpp>
#include <cloacina/runner_info.hpp>

#include "backend/database.hpp"
#include "dal/control_requests.hpp"
#include "dal/rows.hpp"

namespace cloacina::detail {

/// What runner and client answer from the table; each takes a reader session and blocks for its
/// reads.

/// Throws `ExecutionNotFound`.
[[nodiscard]] dal::ExecutionRow find_execution(backend::Database& database, ExecutionId id);
/// Throws `ExecutionNotFound`, or `StateError` if it is not final.
[[nodiscard]] ExecutionResult read_result(backend::Database& database, ExecutionId id);
/// Throws `ExecutionNotFound`.
[[nodiscard]] std::vector<TaskResult> read_tasks(backend::Database& database, ExecutionId id);
/// Throws `ValidationError` for a limit out of range, or a name that is no text.
[[nodiscard]] std::vector<ExecutionInfo> list_executions(backend::Database& database,
                                                         ListOptions const& options);
[[nodiscard]] std::vector<RunnerInfo> list_runners(backend::Database& database);
/// What became of a control request that waits.
[[nodiscard]] dal::CancelAnswer answer_to(backend::Database& database, ExecutionId request);

}  // namespace cloacina::detail
