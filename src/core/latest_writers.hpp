#pragma once

#include <vector>

#include <cloacina/detail/task_index.hpp>

#include "core/graph.hpp"

namespace cloacina {

/// Finds out which of several writers of a key have no other one of them downstream.
class LatestWriters {
 public:
  /// Indexes of `dependencies` are in topological order; it must outlive this object.
  explicit LatestWriters(Edges const& dependencies) noexcept : dependencies_(dependencies) {}

  /// For each of `writers` (two or more, ascending, distinct) whether it is one of the latest. One
  /// backward search, which does not go below the first of them. Valid until the next call.
  [[nodiscard]] std::vector<bool> const& of(std::vector<TaskIndex> const& writers);

 private:
  Edges const& dependencies_;
  std::vector<TaskIndex> asked_;  ///< many keys have the same writers
  std::vector<bool> is_latest_;
};

}  // namespace cloacina
