#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cloacina/detail/check_structure.hpp>

namespace cloacina::detail {

/// One mention of a key in a workflow.
struct KeyMention {
  enum class Kind : std::uint8_t { input, write, merge, read };

  KeyInfo const* key = nullptr;
  std::size_t task = 0;  ///< number in `.tasks`; of an input: `max_listed`
  Kind kind = Kind::input;
};

constexpr std::size_t count_mentions(WorkflowOptions const& workflow) {
  std::size_t count = workflow.inputs.size();
  for (auto const& task : workflow.tasks) {
    auto const& options = *task.info->options;
    count += options.reads.size() + options.writes.size() + options.merges.size();
  }
  return count;
}

/// All mentions, those of one key next to each other. `Room` is at least their number.
template <std::size_t Room>
constexpr auto sorted_mentions(WorkflowOptions const& workflow) {
  std::array<KeyMention, Room> mentions{};
  std::size_t size = 0;
  auto add = [&](auto const& list, std::size_t task, KeyMention::Kind kind) {
    for (auto const& item : list) mentions[size++] = {item.info, task, kind};
  };
  add(workflow.inputs, max_listed, KeyMention::Kind::input);
  for (std::size_t i = 0; i < workflow.tasks.size(); ++i) {
    auto const& options = *workflow.tasks[i].info->options;
    add(options.writes, i, KeyMention::Kind::write);
    add(options.merges, i, KeyMention::Kind::merge);
    add(options.reads, i, KeyMention::Kind::read);
  }
  std::sort(mentions.begin(), mentions.begin() + static_cast<std::ptrdiff_t>(size),
            [](KeyMention const& a, KeyMention const& b) {
              return a.key->number != b.key->number ? a.key->number < b.key->number
                                                    : a.task < b.task;
            });
  return mentions;
}

/// The mentions of one key.
struct KeyUses {
  KeyMention const* first;
  KeyMention const* last;
  TaskSet writers{}, mergers{};
  bool is_input = false;

  constexpr KeyUses(KeyMention const* begin, KeyMention const* end) : first(begin), last(begin) {
    for (; last != end && last->key->number == first->key->number; ++last) {
      if (last->kind == KeyMention::Kind::input) is_input = true;
      if (last->kind == KeyMention::Kind::write) writers.add(last->task);
      if (last->kind == KeyMention::Kind::merge) mergers.add(last->task);
    }
  }
};

constexpr std::string_view user_name(WorkflowOptions const& workflow, std::size_t task) {
  return task == max_listed ? std::string_view{".inputs"} : workflow.tasks[task].name;
}

constexpr Finding check_types(WorkflowOptions const& workflow, KeyUses const& uses) {
  for (auto const* use = uses.first; use != uses.last; ++use)
    if (use->key->type != uses.first->key->type)
      return finding(Fault::key_type_conflict, use->key->name,
                     user_name(workflow, uses.first->task), user_name(workflow, use->task));
  return {};
}

constexpr Finding check_reads(WorkflowOptions const& workflow, Structure const& graph,
                              KeyUses const& uses) {
  if (uses.is_input) return {};
  for (auto const* use = uses.first; use != uses.last; ++use)
    if (use->kind == KeyMention::Kind::read && !graph.upstream[use->task].meets(uses.writers))
      return finding(Fault::missing_input, workflow.tasks[use->task].name, use->key->name);
  return {};
}

/// The writers of one key whose values come together at one place: several only if none is upstream
/// of another.
class Meeting {
 public:
  constexpr explicit Meeting(Structure const& graph) : graph_(graph) {}

  /// What the dependencies hand on, each a set of writers.
  constexpr void add(TaskSet const& writers) {
    for (std::size_t i = 0; i < max_listed; ++i)
      if (writers.has(i)) superseded_.merge(graph_.upstream[i]);
    met_.merge(writers);
  }
  constexpr TaskSet latest() const { return met_.without(superseded_); }

 private:
  Structure const& graph_;
  TaskSet met_{}, superseded_{};
};

/// Walks the graph in order, knowing for each task the writers whose values it hands on. Where
/// writers meet that have no order, the task must merge, unless one of those before it hands on all
/// of them, so that they met there. The end of the workflow is such a place too.
constexpr Finding check_writes(WorkflowOptions const& workflow, Structure const& graph,
                               KeyUses const& uses) {
  std::size_t const count = workflow.tasks.size();
  std::array<TaskSet, max_listed> hands_on{};
  auto meet = [&](TaskSet const& places, bool merges, TaskSet& latest) {
    Meeting meeting{graph};
    for (std::size_t i = 0; i < count; ++i)
      if (places.has(i) && !hands_on[i].empty()) meeting.add(hands_on[i]);
    latest = meeting.latest();
    bool sound = merges || latest.size() < 2;
    for (std::size_t i = 0; i < count && !sound; ++i)
      sound = places.has(i) && latest.within(hands_on[i]);
    return sound;
  };
  auto conflict = [&](TaskSet const& writers) {
    Finding found{.fault = Fault::write_conflict};
    found.add(uses.first->key->name);
    for (std::size_t i = 0; i < count && found.size < 3; ++i)
      if (writers.has(i)) found.add(workflow.tasks[i].name);
    return found;
  };
  TaskSet ends, given;
  for (std::size_t i = 0; i < count; ++i) ends.add(i);
  for (std::size_t i = 0; i < count; ++i) {
    auto const task = graph.order[i];
    ends = ends.without(graph.direct[task]);
    if (!meet(graph.direct[task], uses.mergers.has(task), given)) return conflict(given);
    if (uses.writers.has(task))
      hands_on[task].add(task);
    else
      hands_on[task] = given;
  }
  return meet(ends, false, given) ? Finding{} : conflict(given);
}

/// Whether the writers of a key stand one after the other, as most do: then nothing can meet.
constexpr bool writers_are_in_line(Structure const& graph, KeyUses const& uses) {
  std::size_t in_line = 0, writers = 0;
  for (auto const* a = uses.first; a != uses.last; ++a) {
    if (a->kind != KeyMention::Kind::write) continue;
    ++writers;
    for (auto const* b = uses.first; b != a; ++b)
      in_line += b->kind == KeyMention::Kind::write &&
                 (graph.upstream[a->task].has(b->task) || graph.upstream[b->task].has(a->task));
  }
  return writers < 2 || in_line == writers * (writers - 1) / 2;
}

/// Checks the keys of a workflow; types and reads first, because a conflict of writers often
/// follows from them.
constexpr Finding check_keys(WorkflowOptions const& workflow, Structure const& graph,
                             KeyMention const* first, std::size_t count) {
  Finding missing, conflict;
  for (auto const *at = first, *last = first + count; at != last;) {
    KeyUses const uses{at, last};
    at = uses.last;
    if (auto const found = check_types(workflow, uses); found.fault != Fault::none) return found;
    if (missing.fault == Fault::none) missing = check_reads(workflow, graph, uses);
    if (conflict.fault == Fault::none && !writers_are_in_line(graph, uses))
      conflict = check_writes(workflow, graph, uses);
  }
  return missing.fault != Fault::none ? missing : conflict;
}

}  // namespace cloacina::detail
