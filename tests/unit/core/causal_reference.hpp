#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/detail/context_delta.hpp>

#include "core/graph.hpp"

/// What the rules of the causal merge say, word by word and as slowly as it takes: tables of all
/// ancestors, plain folds, no sharing. Shares no code with the library but `Json` and `Context`.
namespace causal_reference {

using cloacina::Context;
using cloacina::Edges;
using cloacina::Json;
using cloacina::TaskIndex;

/// A graph in topological order, and what each of its tasks wrote.
struct Run {
  Edges dependencies;
  std::vector<cloacina::detail::ContextDelta> deltas;
  Context input;
};

/// Small keys, few values of all kinds, so that equal values, objects, arrays and removals often
/// meet.
[[nodiscard]] Run random_run(std::mt19937_64& random, std::size_t most_tasks);

/// The context at a place that has these dependencies: a task, or the end with all leaves.
[[nodiscard]] Context context_at(Run const& run, std::vector<TaskIndex> const& dependencies);

/// Without regard to the order of keys, at any depth; numbers by type and value.
[[nodiscard]] bool same(Context const& a, Context const& b);

}  // namespace causal_reference
