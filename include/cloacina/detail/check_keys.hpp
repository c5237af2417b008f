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

/// All mentions, those of one key next to each other.
template <std::size_t Count>
constexpr auto sorted_mentions(WorkflowOptions const& workflow) {
  std::array<KeyMention, Count> mentions{};
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
  std::sort(mentions.begin(), mentions.end(), [](KeyMention const& a, KeyMention const& b) {
    return a.key->number != b.key->number ? a.key->number < b.key->number : a.task < b.task;
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
      return finding(Fault::key_type_conflict, use->key->name, user_name(workflow, uses.first->task),
                     user_name(workflow, use->task));
  return {};
}

constexpr Finding check_reads(WorkflowOptions const& workflow, Structure const& graph, KeyUses const& uses) {
  if (uses.is_input) return {};
  for (auto const* use = uses.first; use != uses.last; ++use)
    if (use->kind == KeyMention::Kind::read && !graph.upstream[use->task].meets(uses.writers))
      return finding(Fault::missing_input, workflow.tasks[use->task].name, use->key->name);
  return {};
}

/// The writers (or mergers) of one key whose values come together at one place.
class Meeting {
 public:
  constexpr explicit Meeting(Structure const& graph) : graph_(graph) {}

  constexpr void add(std::size_t writer) {
    if (writer == nobody) return;
    met_.add(writer);
    if (latest_ == nobody || graph_.rank[latest_] < graph_.rank[writer]) latest_ = writer;
  }
  /// The one that comes last in order; only if all others are upstream of it, its value is the value of the key.
  constexpr std::size_t latest() const { return latest_; }
  /// One that may run at the same time as the latest, or `nobody`.
  constexpr std::size_t rival() const {
    for (std::size_t i = 0; i < max_listed; ++i)
      if (met_.has(i) && i != latest_ && !graph_.upstream[latest_].has(i)) return i;
    return nobody;
  }

  static constexpr std::size_t nobody = max_listed;

 private:
  Structure const& graph_;
  TaskSet met_{};
  std::size_t latest_ = nobody;
};

/// Walks the graph in order, knowing for each task the writer whose value it hands on. Where two meet that have no
/// order, the task must merge; so must some task that comes after both, or the end of the workflow would merge them.
constexpr Finding check_writes(WorkflowOptions const& workflow, Structure const& graph, KeyUses const& uses) {
  std::size_t const count = workflow.tasks.size();
  auto conflict = [&](Meeting const& meeting) {
    auto const a = meeting.latest(), b = meeting.rival();
    return finding(Fault::write_conflict, uses.first->key->name, workflow.tasks[std::min(a, b)].name,
                   workflow.tasks[std::max(a, b)].name);
  };
  std::array<std::size_t, max_listed> hands_on{};
  TaskSet has_dependents;
  for (std::size_t i = 0; i < count; ++i) {
    auto const task = graph.order[i];
    has_dependents.merge(graph.direct[task]);
    Meeting given{graph};
    bool const merges = uses.mergers.has(task);
    for (std::size_t j = 0; j < count && !merges; ++j)
      if (graph.direct[task].has(j)) given.add(hands_on[j]);
    if (given.rival() != Meeting::nobody) return conflict(given);
    hands_on[task] = merges || uses.writers.has(task) ? task : given.latest();
  }
  Meeting at_end{graph};
  for (std::size_t i = 0; i < count; ++i)
    if (!has_dependents.has(i)) at_end.add(hands_on[i]);
  return at_end.rival() != Meeting::nobody ? conflict(at_end) : Finding{};
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

template <std::size_t Count>
constexpr Finding check_keys(WorkflowOptions const& workflow, Structure const& graph,
                             std::array<KeyMention, Count> const& mentions) {
  Finding conflict;
  for (auto const* at = mentions.data(); at != mentions.data() + Count;) {
    KeyUses const uses{at, mentions.data() + Count};
    at = uses.last;
    if (auto const found = check_types(workflow, uses); found.fault != Fault::none) return found;
    if (auto const found = check_reads(workflow, graph, uses); found.fault != Fault::none) return found;
    if (conflict.fault == Fault::none && !writers_are_in_line(graph, uses))
      conflict = check_writes(workflow, graph, uses);
  }
  return conflict;
}

}  // namespace cloacina::detail
