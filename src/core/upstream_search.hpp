#pragma once

#include <cstdint>
#include <vector>

#include <cloacina/detail/task_index.hpp>

namespace cloacina {

/// Answers "does this task come after that one?" on a graph whose tasks stand in topological order.
///
/// Each question is one search that does not leave the range between the tasks in question, so
/// neighbours in a chain cost a step, and no table of ancestors is kept. Used by one thread at a
/// time.
class UpstreamSearch {
 public:
  /// `dependencies` must outlive the search.
  explicit UpstreamSearch(std::vector<std::vector<TaskIndex>> const& dependencies)
      : dependencies_(dependencies), seen_(dependencies.size(), 0) {}

  /// Whether `earlier` is upstream of `later`; a task is not upstream of itself.
  [[nodiscard]] bool is_upstream(TaskIndex earlier, TaskIndex later);

  /// For each of `tasks` whether any of `sources` is upstream of it. Both lists are sorted.
  [[nodiscard]] std::vector<char> come_after(std::vector<TaskIndex> const& tasks,
                                             std::vector<TaskIndex> const& sources);

  /// Takes from `tasks` (sorted) those that are upstream of another one.
  void keep_latest(std::vector<TaskIndex>& tasks);

 private:
  template <class Wanted>
  bool search_back(std::vector<TaskIndex> const& from, TaskIndex earliest, Wanted const& wanted);

  std::vector<std::vector<TaskIndex>> const& dependencies_;
  std::vector<std::uint32_t> seen_;  // the round in which a task was last met
  std::vector<TaskIndex> pending_;
  std::uint32_t round_ = 0;
};

}  // namespace cloacina
