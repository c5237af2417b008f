#pragma once

#include <vector>

#include "backend/session.hpp"
#include "dal/rows.hpp"

namespace cloacina::dal {

/// The attempts of one execution that did not simply succeed, oldest first.
[[nodiscard]] std::vector<AttemptRow> attempts_of(backend::Session&, ExecutionId);

}  // namespace cloacina::dal
