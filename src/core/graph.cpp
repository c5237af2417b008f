#include "core/graph.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>

namespace cloacina {

std::optional<std::vector<TaskIndex>> topological_order(Edges const& dependencies) {
  auto const dependents = reversed(dependencies);
  std::vector<std::size_t> open(dependencies.size());
  std::priority_queue<TaskIndex, std::vector<TaskIndex>, std::greater<>> ready;
  for (TaskIndex task = 0; task < dependencies.size(); ++task) {
    open[task] = dependencies[task].size();
    if (open[task] == 0) ready.push(task);
  }
  std::vector<TaskIndex> order;
  order.reserve(dependencies.size());
  while (!ready.empty()) {
    auto const task = ready.top();
    ready.pop();
    order.push_back(task);
    for (auto const dependent : dependents[task]) {
      if (--open[dependent] == 0) ready.push(dependent);
    }
  }
  if (order.size() != dependencies.size()) return std::nullopt;
  return order;
}

std::vector<TaskIndex> find_cycle(Edges const& dependencies) {
  enum class Mark : std::uint8_t { unseen, on_path, done };
  struct Step {
    TaskIndex task;
    std::size_t next = 0;  // the dependency that is looked at next
  };
  std::vector<Mark> mark(dependencies.size(), Mark::unseen);
  std::vector<Step> path;
  for (TaskIndex start = 0; start < dependencies.size(); ++start) {
    if (mark[start] == Mark::unseen) path.push_back({start});
    while (!path.empty()) {
      auto& [task, next] = path.back();
      mark[task] = Mark::on_path;
      if (next == dependencies[task].size()) {
        mark[task] = Mark::done;
        path.pop_back();
        continue;
      }
      auto const dependency = dependencies[task][next++];
      if (mark[dependency] == Mark::unseen) path.push_back({dependency});
      if (mark[dependency] != Mark::on_path) continue;
      std::vector<TaskIndex> cycle;
      auto const begin = std::find_if(path.begin(), path.end(),
                                      [&](Step const& s) { return s.task == dependency; });
      for (auto step = begin; step != path.end(); ++step) cycle.push_back(step->task);
      return cycle;
    }
  }
  return {};
}

Edges reversed(Edges const& dependencies) {
  Edges result(dependencies.size());
  for (TaskIndex task = 0; task < dependencies.size(); ++task) {
    for (auto const dependency : dependencies[task]) result[dependency].push_back(task);
  }
  return result;
}

std::vector<TaskIndex> roots_of(Edges const& dependencies) {
  std::vector<TaskIndex> roots;
  for (TaskIndex task = 0; task < dependencies.size(); ++task) {
    if (dependencies[task].empty()) roots.push_back(task);
  }
  return roots;
}

std::vector<std::size_t> levels_of(Edges const& dependencies) {
  std::vector<std::size_t> level(dependencies.size(), 0);
  auto const order = topological_order(dependencies);
  if (!order) return level;
  for (auto const task : *order) {
    for (auto const dependency : dependencies[task])
      level[task] = std::max(level[task], level[dependency] + 1);
  }
  return level;
}

std::vector<TaskIndex> reachable_from(Edges const& dependencies, TaskIndex task) {
  std::vector<bool> seen(dependencies.size(), false);
  std::vector<TaskIndex> pending{task};
  std::vector<TaskIndex> found;
  while (!pending.empty()) {
    auto const at = pending.back();
    pending.pop_back();
    for (auto const dependency : dependencies[at]) {
      if (seen[dependency]) continue;
      seen[dependency] = true;
      found.push_back(dependency);
      pending.push_back(dependency);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace cloacina
