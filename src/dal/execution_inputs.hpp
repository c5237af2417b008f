#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "backend/session.hpp"
#include "dal/batch.hpp"
#include "dal/columns.hpp"

namespace cloacina::dal {

/// What the execution's own row holds of its input: the whole, or NULL if it is large.
[[nodiscard]] backend::Value own_input(std::string_view input) noexcept;

/// Ids and inputs of those that have a row of their own.
[[nodiscard]] Columns<2> large_inputs(std::vector<ExecutionInsert> const& rows);

/// Stores the large inputs of those rows that were inserted; `inserted` has a number for each row,
/// 0 for those that were not.
void insert_large_inputs(backend::Session& session, std::vector<ExecutionInsert> const& rows,
                         std::vector<std::size_t> const& inserted);

}  // namespace cloacina::dal
