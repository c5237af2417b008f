#include "core/upstream_search.hpp"

#include <algorithm>

namespace cloacina {

/// Visits what is upstream of `from`, no further back than `earliest`, until `wanted` holds.
template <class Wanted>
bool UpstreamSearch::search_back(std::vector<TaskIndex> const& from, TaskIndex earliest,
                                 Wanted const& wanted) {
  ++round_;
  pending_ = from;
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

bool UpstreamSearch::is_upstream(TaskIndex earlier, TaskIndex later) {
  if (earlier >= later) return false;
  return search_back({later}, earlier, [earlier](TaskIndex task) { return task == earlier; });
}

void UpstreamSearch::keep_latest(std::vector<TaskIndex>& tasks) {
  if (tasks.size() < 2) return;
  search_back(tasks, tasks.front(), [](TaskIndex) { return false; });
  std::erase_if(tasks, [this](TaskIndex task) { return seen_[task] == round_; });
}

std::vector<char> UpstreamSearch::come_after(std::vector<TaskIndex> const& tasks,
                                             std::vector<TaskIndex> const& sources) {
  std::vector<char> answers(tasks.size(), 0);
  if (sources.empty() || tasks.empty()) return answers;
  auto const first = sources.front();
  auto is_source = [&](TaskIndex task) {
    return std::binary_search(sources.begin(), sources.end(), task);
  };
  constexpr std::size_t few = 4;
  if (tasks.size() <= few) {
    for (std::size_t i = 0; i < tasks.size(); ++i)
      answers[i] = search_back({tasks[i]}, first, is_source);
    return answers;
  }
  // Many share one pass forward, so that a long chain is not walked by each of its tasks.
  if (tasks.back() <= first) return answers;
  std::vector<char> reached(tasks.back() - first + 1, 0);
  for (TaskIndex task = first; task <= tasks.back(); ++task)
    for (TaskIndex dependency : dependencies_[task])
      if (dependency >= first && (reached[dependency - first] || is_source(dependency)))
        reached[task - first] = 1;
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (tasks[i] >= first) answers[i] = reached[tasks[i] - first];
  return answers;
}

}  // namespace cloacina
