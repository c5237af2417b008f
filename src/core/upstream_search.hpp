#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <cloacina/detail/task_index.hpp>

namespace cloacina {

/// Answers "does this task come after that one?" on a graph whose tasks stand in topological order.
///
/// Each question is one backward search that does not go below the earlier task, so neighbours in a chain cost a step,
/// and no table of ancestors is kept. Used by one thread at a time.
class UpstreamSearch {
 public:
  explicit UpstreamSearch(std::vector<std::vector<TaskIndex>> const& dependencies)
      : dependencies_(dependencies), seen_(dependencies.size(), 0) {}

  /// Whether `earlier` is upstream of `later`; a task is not upstream of itself.
  [[nodiscard]] bool is_upstream(TaskIndex earlier, TaskIndex later);

  /// Takes from `tasks` (sorted) those that are upstream of another one; one search for all.
  void keep_latest(std::vector<TaskIndex>& tasks) {
    if (tasks.size() < 2) return;
    search_from(tasks, tasks.front(), [](TaskIndex) { return false; });
    std::erase_if(tasks, [this](TaskIndex task) { return seen_[task] == round_; });
  }

  /// Whether any task for which `wanted` holds is upstream of `later`, looking no further back than `earliest`.
  template <class Wanted>
  [[nodiscard]] bool any_upstream(TaskIndex later, TaskIndex earliest, Wanted const& wanted) {
    return search_from({later}, earliest, wanted);
  }

 private:
  template <class Wanted>
  bool search_from(std::vector<TaskIndex> const& tasks, TaskIndex earliest, Wanted const& wanted) {
    ++round_;
    pending_ = tasks;
    while (!pending_.empty()) {
      TaskIndex const at = pending_.back();
      pending_.pop_back();
      for (TaskIndex dependency : dependencies_[at]) {
        if (dependency < earliest || seen_[dependency] == round_) continue;
        if (wanted(dependency)) return true;
        seen_[dependency] = round_;
        pending_.push_back(dependency);
      }
    }
    return false;
  }

  std::vector<std::vector<TaskIndex>> const& dependencies_;
  std::vector<std::uint32_t> seen_;  // the round in which a task was last met
  std::vector<TaskIndex> pending_;
  std::uint32_t round_ = 0;
};

inline bool UpstreamSearch::is_upstream(TaskIndex earlier, TaskIndex later) {
  if (earlier >= later) return false;
  return any_upstream(later, earlier, [earlier](TaskIndex task) { return task == earlier; });
}

}  // namespace cloacina
