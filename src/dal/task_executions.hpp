#pragma once

#include <vector>

#include "backend/session.hpp"
#include "dal/rows.hpp"

namespace cloacina::dal {

/// The rows of one execution in order of the key; a task that has not started has none.
[[nodiscard]] std::vector<TaskRow> tasks_of(backend::Session&, ExecutionId);

}  // namespace cloacina::dal
