#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cloacina/detail/task_info.hpp>

namespace cloacina::detail {

/// What can be wrong with a workflow, in the order in which it is looked for.
enum class Fault {
  none,
  no_tasks,
  not_a_symbol,
  listed_twice,
  unknown_dependency,
  cycle,
  retried_at_most_once,
  duration_out_of_range,
  rule_not_upstream,
  key_type_conflict,
  missing_input,
  write_conflict,
};

/// The first fault and the names that belong to it, as they follow the workflow in the error.
struct Finding {
  Fault fault = Fault::none;
  std::size_t size = 0;
  std::array<std::string_view, max_listed> names{};

  constexpr void add(std::string_view name) { names[size++] = name; }
};

template <class... Names>
constexpr Finding finding(Fault fault, Names... names) {
  Finding found{.fault = fault};
  (found.add(names), ...);
  return found;
}

/// A set of tasks of one workflow.
struct TaskSet {
  std::array<std::uint64_t, max_listed / 64> words{};

  constexpr void add(std::size_t i) { words[i / 64] |= std::uint64_t{1} << (i % 64); }
  constexpr bool has(std::size_t i) const { return ((words[i / 64] >> (i % 64)) & 1) != 0; }
  constexpr void merge(TaskSet const& other) {
    for (std::size_t w = 0; w < words.size(); ++w) words[w] |= other.words[w];
  }
  constexpr bool meets(TaskSet const& other) const {
    for (std::size_t w = 0; w < words.size(); ++w)
      if ((words[w] & other.words[w]) != 0) return true;
    return false;
  }
  constexpr TaskSet without(TaskSet const& other) const {
    TaskSet rest = *this;
    for (std::size_t w = 0; w < words.size(); ++w) rest.words[w] &= ~other.words[w];
    return rest;
  }
  constexpr std::size_t size() const {
    std::size_t count = 0;
    for (auto word : words) count += static_cast<std::size_t>(std::popcount(word));
    return count;
  }
  constexpr bool empty() const { return size() == 0; }
  constexpr bool within(TaskSet const& other) const {
    for (std::size_t w = 0; w < words.size(); ++w)
      if ((words[w] & ~other.words[w]) != 0) return false;
    return true;
  }
};

/// A workflow's graph, when it has no fault.
struct Structure {
  Finding found{};
  std::array<TaskSet, max_listed> direct{};     ///< dependencies of each listed task
  std::array<TaskSet, max_listed> upstream{};   ///< all that it comes after
  std::array<std::size_t, max_listed> order{};  ///< a topological order
};

/// The listed tasks by the number of their names, for searching.
class TaskNumbers {
 public:
  constexpr explicit TaskNumbers(WorkflowOptions const& workflow) : size_(workflow.tasks.size()) {
    for (std::size_t i = 0; i < size_; ++i) entries_[i] = {number_of(workflow.tasks[i].name), i};
    std::sort(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(size_),
              [](Entry const& a, Entry const& b) { return a.number < b.number; });
  }

  static constexpr std::size_t absent = max_listed;
  constexpr std::size_t find(std::string_view name) const {
    auto const number = number_of(name);
    std::size_t low = 0, high = size_;
    while (low < high) {
      auto const middle = (low + high) / 2;
      if (entries_[middle].number < number)
        low = middle + 1;
      else
        high = middle;
    }
    return low < size_ && entries_[low].number == number ? entries_[low].index : absent;
  }
  /// A task that has the same name as an earlier one, or `absent`.
  constexpr std::size_t repeated() const {
    for (std::size_t i = 1; i < size_; ++i)
      if (entries_[i - 1].number == entries_[i].number)
        return std::max(entries_[i - 1].index, entries_[i].index);
    return absent;
  }

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::size_t index = 0;
  };
  std::array<Entry, max_listed> entries_{};
  std::size_t size_ = 0;
};

/// The loop that a walk along unfinished dependencies runs into, in the order "each waits for the
/// next".
constexpr Finding cycle_among(WorkflowOptions const& workflow, Structure const& graph,
                              TaskSet const& done) {
  std::size_t const count = workflow.tasks.size();
  std::array<std::size_t, max_listed + 1> walk{};
  std::size_t length = 0, at = 0;
  while (done.has(at)) ++at;
  for (TaskSet seen; !seen.has(at);) {
    seen.add(at);
    walk[length++] = at;
    std::size_t next = 0;
    while (next < count && (!graph.direct[at].has(next) || done.has(next))) ++next;
    at = next;
  }
  Finding found{.fault = Fault::cycle};
  std::size_t start = 0;
  while (walk[start] != at) ++start;
  for (std::size_t i = start; i < length; ++i) found.add(workflow.tasks[walk[i]].name);
  return found;
}

constexpr Structure check_structure(WorkflowOptions const& workflow) {
  Structure graph;
  auto failed = [&](Finding const& found) {
    graph.found = found;
    return graph;
  };
  std::size_t const count = workflow.tasks.size();
  if (count == 0) return failed({.fault = Fault::no_tasks});
  for (auto const& task : workflow.tasks)
    if (!task.is_symbol) return failed(finding(Fault::not_a_symbol, task.name));
  TaskNumbers const numbers{workflow};
  if (auto const i = numbers.repeated(); i != TaskNumbers::absent)
    return failed(finding(Fault::listed_twice, workflow.tasks[i].name));

  for (std::size_t i = 0; i < count; ++i)
    for (auto const& dependency : workflow.tasks[i].info->options->after) {
      auto const at = numbers.find(dependency.name);
      if (at == TaskNumbers::absent)
        return failed(finding(Fault::unknown_dependency, workflow.tasks[i].name, dependency.name));
      graph.direct[i].add(at);
    }

  TaskSet done;
  for (std::size_t sorted = 0; sorted < count;) {
    auto const before = sorted;
    for (std::size_t i = 0; i < count; ++i) {
      if (done.has(i) || !graph.direct[i].within(done)) continue;
      graph.upstream[i] = graph.direct[i];
      for (std::size_t j = 0; j < count; ++j)
        if (graph.direct[i].has(j)) graph.upstream[i].merge(graph.upstream[j]);
      done.add(i);
      graph.order[sorted++] = i;
    }
    if (sorted == before) return failed(cycle_among(workflow, graph, done));
  }
  return graph;
}

}  // namespace cloacina::detail
