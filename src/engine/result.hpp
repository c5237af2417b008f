#pragma once

#include <string>
#include <vector>

#include <cloacina/execution_result.hpp>
#include <cloacina/workflow.hpp>

#include "backend/session.hpp"
#include "dal/rows.hpp"
#include "engine/execution_state.hpp"

namespace cloacina {

struct ExecutionResult::Data {
  ExecutionId id{};
  std::string workflow, version;
  WorkflowStatus status = WorkflowStatus::completed;
  std::string error;
  Context context;
  std::vector<TaskResult> tasks;
  std::optional<Instant> started_at;
  Instant completed_at{};
  std::vector<std::vector<std::size_t>> dependencies;  ///< of each of `tasks`, for drawing
};

namespace engine {

/// From the memory of the owner, once the execution is final.
[[nodiscard]] ExecutionResult make_result(ExecutionState&& state);
/// From what is stored; `workflow` as stored with the execution's version.
[[nodiscard]] ExecutionResult make_result(dal::ExecutionRow const& row,
                                          std::vector<dal::TaskRow> const& tasks,
                                          Workflow const& workflow);

/// The same, with everything that it takes read from the database. Throws what the database says.
[[nodiscard]] ExecutionResult load_result(backend::Session& session, dal::ExecutionRow const& row);

}  // namespace engine
}  // namespace cloacina
