#pragma once

#include <cstddef>
#include <vector>

#include "backend/session.hpp"
#include "dal/rows.hpp"

namespace cloacina::dal {

/// The columns of an `ExecutionRow`, in the order that `execution_rows` reads.
inline constexpr char execution_columns[] =
    "id, workflow, version, status, priority, owner,"
    " coalesce(input, (SELECT i.input FROM {s}.execution_inputs AS i WHERE i.execution_id = id)),"
    " output, error, idempotency_key, created_at, start_after, started_at, completed_at, deadline,"
    " takeovers";
inline constexpr std::size_t number_of_execution_columns = 16;

/// The same without input and output, which may be large.
inline constexpr char listed_columns[] =
    "id, workflow, version, status, priority, owner, '', NULL, error, idempotency_key, created_at,"
    " start_after, started_at, completed_at, deadline, takeovers";

/// Throws `BackendError` at the first that cannot be read.
[[nodiscard]] std::vector<ExecutionRow> execution_rows(backend::Rows const& rows);
[[nodiscard]] ExecutionRows readable_rows(backend::Rows const& rows);

}  // namespace cloacina::dal
