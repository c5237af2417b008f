#pragma once

#include "dal/batch.hpp"

namespace cloacina::dal {

/// Whether the batch can be written by one statement, which sees no row twice: nothing in it is
/// inserted and changed, and it asks for nothing that must be read after it was locked.
[[nodiscard]] bool fits_one_statement(Batch const& batch) noexcept;

/// The same as `commit`, in one journey to the server and back: the fence and all rows of the batch
/// as one statement, which is a transaction of its own.
[[nodiscard]] Outcome commit_in_one_statement(backend::Database& database,
                                              backend::Session& session, Fence const& fence,
                                              Batch const& batch);

}  // namespace cloacina::dal
