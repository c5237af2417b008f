#pragma once

#include <cstddef>
#include <vector>

#include "backend/session.hpp"
#include "dal/rows.hpp"

namespace cloacina::dal {

/// The columns of an `ExecutionRow`, in the order that `execution_rows` reads.
inline constexpr char execution_columns[] =
    "id, workflow, version, status, priority, owner, input, output, error, idempotency_key, "
    "created_at, start_after,"
    " started_at, completed_at, deadline, takeovers";

[[nodiscard]] std::vector<ExecutionRow> execution_rows(backend::Rows const& rows);

}  // namespace cloacina::dal
