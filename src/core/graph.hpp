#pragma once

#include <optional>
#include <vector>

#include <cloacina/detail/task_index.hpp>

namespace cloacina {

/// For each task the tasks that it depends on (or, in other uses, those that depend on it).
using Edges = std::vector<std::vector<TaskIndex>>;

// Pure, without recursion, linear in tasks and edges but for `topological_order`, which adds a
// logarithm.

/// An order in which every task stands behind its dependencies; of the tasks that could come next,
/// the one with the smallest index does, so that equal graphs give equal orders. Nothing if there
/// is a cycle.
[[nodiscard]] std::optional<std::vector<TaskIndex>> topological_order(Edges const& dependencies);

/// The tasks of one cycle, each depending on the next one and the last on the first; empty if there
/// is none.
[[nodiscard]] std::vector<TaskIndex> find_cycle(Edges const& dependencies);

/// The same edges in the other direction, each list ascending.
[[nodiscard]] Edges reversed(Edges const& dependencies);

/// Tasks without dependencies, ascending; of the reversed edges, the leaves.
[[nodiscard]] std::vector<TaskIndex> roots_of(Edges const& dependencies);

/// How many tasks the longest way from a root to each task has before it. The graph must have no
/// cycle.
[[nodiscard]] std::vector<std::size_t> levels_of(Edges const& dependencies);

/// All that `task` depends on, directly or not, ascending; without `task` itself.
[[nodiscard]] std::vector<TaskIndex> reachable_from(Edges const& dependencies, TaskIndex task);

}  // namespace cloacina
