#pragma once

#include <memory>
#include <vector>

#include "dal/rows.hpp"
#include "engine/execution_state.hpp"

namespace cloacina::engine {

/// The state that an execution's rows describe; `Loaded` (or `Submitted`, while it is Pending) goes
/// on from there.
///
/// `tasks` may stand in any order; a task without a row has not started. Contexts are derived from
/// the stored input and deltas, so that they are what the earlier owner had. Throws
/// `ValidationError`, with the task in `where()`, for rows that cannot belong to this definition:
/// an unknown or repeated task, a task that is further than its dependencies allow, text that is
/// not what was stored.
[[nodiscard]] ExecutionState restore(dal::ExecutionRow const& execution,
                                     std::vector<dal::TaskRow> const& tasks,
                                     std::shared_ptr<detail::WorkflowData const> workflow);

}  // namespace cloacina::engine
