#pragma once

#include "engine/execution_state.hpp"

namespace cloacina::engine {

/// Brings `waiting_for`, `untaken`, `unfinished` and every context of `state.tasks` in line with
/// the statuses, deltas and input that stand there: for a fresh execution as for one that was read
/// from its rows.
///
/// Needs that what depends on a task that is not final has not started. Linear in tasks and edges.
void derive_contexts(ExecutionState& state);

/// Gives `task` the causal merge of what its dependencies, all final, hand on; what nobody else
/// needs is moved or freed. The task must have a dependency: roots were given the input by
/// `derive_contexts`.
void take_context(ExecutionState& state, TaskIndex task);

/// The final context: the merge of what the leaves, all final, hand on.
[[nodiscard]] Context final_context(ExecutionState const& state);

}  // namespace cloacina::engine
