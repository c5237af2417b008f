#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dal/batch.hpp"

namespace cloacina::dal {

[[nodiscard]] std::optional<ExecutionRow> find_execution(backend::Session&, ExecutionId);
[[nodiscard]] std::optional<ExecutionRow> find_by_idempotency_key(backend::Session&,
                                                                  std::string_view workflow,
                                                                  std::string_view key);
/// R3: what this runner owns and that is not final.
[[nodiscard]] ExecutionRows owned_executions(backend::Session&, RunnerId);
/// Those of `ids` that are stored (R8: what an unknown batch inserted).
[[nodiscard]] std::vector<ExecutionId> existing_executions(backend::Database&, backend::Session&,
                                                           std::vector<ExecutionId> const& ids);

/// Those of `ids` that have not ended, where asking for all of them at once is worth it; else
/// nothing.
[[nodiscard]] std::vector<ExecutionId> unfinished_among(backend::Database&, backend::Session&,
                                                        std::vector<ExecutionId> const& ids);

struct ListFilter {
  std::string_view workflow;  ///< empty: all
  std::optional<WorkflowStatus> status;
  std::size_t limit = 100;
  std::optional<ExecutionId> after;  ///< newest first; ids smaller than this one
};
/// Newest first; without input and output.
[[nodiscard]] std::vector<ExecutionRow> list_executions(backend::Session&, ListFilter const&);

/// A `Client`'s insert (R19): unowned, repeated safely with the same ids. Returns for each row the
/// id that now stands for it (an earlier one, where the idempotency key was taken).
[[nodiscard]] std::vector<ExecutionId> insert_unowned(backend::Database&, backend::Session&,
                                                      std::vector<ExecutionInsert> const&);

/// In a transaction of the caller: the same for rows without idempotency keys.
void insert_unowned_rows(backend::Session&, std::vector<ExecutionInsert> const&);

/// In a transaction of the caller: cancels an execution that nobody owns, with its tasks. False if
/// it is owned, final or missing.
[[nodiscard]] bool cancel_rows(backend::Session&, ExecutionId, std::string_view reason,
                               Instant now);

}  // namespace cloacina::dal
