#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include <cloacina/detail/sentences.hpp>

#include "core/upstream_search.hpp"
#include "core/workflow_checks.hpp"

namespace cloacina {
namespace {

/// Who mentions one key. Tasks ascend, since they are visited in topological order.
struct KeyMentions {
  struct Use {
    std::optional<TaskIndex> task;  ///< absent: the workflow's inputs
    std::uint64_t type = 0;
  };
  std::vector<Use> uses;
  std::vector<TaskIndex> readers, writers, mergers;
  bool is_input = false;
};
using Mentions = std::map<std::string_view, KeyMentions>;

Mentions mentions_of(detail::WorkflowData const& workflow) {
  Mentions mentions;
  for (auto const& key : workflow.inputs) {
    mentions[key.name].uses.push_back({std::nullopt, key.type});
    mentions[key.name].is_input = true;
  }
  for (TaskIndex i = 0; i < workflow.tasks.size(); ++i) {
    auto const& task = workflow.tasks[i];
    auto add = [&](KeyUse const& key, std::vector<TaskIndex> KeyMentions::*users) {
      auto& mention = mentions[key.name];
      mention.uses.push_back({i, key.type});
      auto& list = mention.*users;
      if (list.empty() || list.back() != i) list.push_back(i);
    };
    for (auto const& key : task.writes) add(key, &KeyMentions::writers);
    for (auto const& key : task.reads) add(key, &KeyMentions::readers);
    for (auto const& key : task.merges) mentions[key].mergers.push_back(i);
  }
  return mentions;
}

class KeyChecker {
 public:
  KeyChecker(detail::WorkflowData const& workflow, Violations& violations)
      : workflow_(workflow), violations_(violations), search_(workflow.dependencies) {}

  void check(std::string_view key, KeyMentions const& mentions) {
    check_types(key, mentions);
    check_reads(key, mentions);
    if (!in_line(mentions.writers)) check_writes(key, mentions);
  }

 private:
  std::string user(std::optional<TaskIndex> task) const {
    return task ? "task '" + workflow_.tasks[*task].id + "'" : "the workflow's .inputs";
  }

  void check_types(std::string_view key, KeyMentions const& mentions) {
    KeyMentions::Use const* typed = nullptr;
    for (auto const& use : mentions.uses) {
      if (use.type == 0) continue;
      if (!typed) typed = &use;
      if (use.type == typed->type) continue;
      violations_.add(CLOACINA_DETAIL_SAY_KEY_TYPE_CONFLICT,
                      "key '" + std::string{key} + "' by " + user(typed->task) + " and by " + user(use.task));
      return;
    }
  }

  void check_reads(std::string_view key, KeyMentions const& mentions) {
    if (mentions.is_input || mentions.readers.empty()) return;
    auto const available = readers_with_a_writer(mentions);
    for (std::size_t i = 0; i < mentions.readers.size(); ++i)
      if (!available[i])
        violations_.add(CLOACINA_DETAIL_SAY_MISSING_INPUT, "task '" + workflow_.tasks[mentions.readers[i]].id +
                                                               "' reads key '" + std::string{key} + "'");
  }

  /// Few readers search backward each; many share one pass forward, so that a long chain is not walked by each.
  std::vector<char> readers_with_a_writer(KeyMentions const& mentions) {
    std::vector<char> available(mentions.readers.size(), 0);
    if (mentions.writers.empty()) return available;
    auto const first = mentions.writers.front();
    constexpr std::size_t few = 4;
    if (mentions.readers.size() <= few) {
      auto writes = [&](TaskIndex t) { return std::binary_search(mentions.writers.begin(), mentions.writers.end(), t); };
      for (std::size_t i = 0; i < available.size(); ++i)
        available[i] = search_.any_upstream(mentions.readers[i], first, writes);
      return available;
    }
    auto const last = mentions.readers.back();
    std::vector<char> hands_on(last >= first ? last - first + 1 : 0, 0);
    std::vector<char> is_given(hands_on.size(), 0);
    for (TaskIndex task = first; task <= last && task < workflow_.tasks.size(); ++task) {
      for (TaskIndex dependency : workflow_.dependencies[task])
        if (dependency >= first && hands_on[dependency - first]) is_given[task - first] = 1;
      hands_on[task - first] = is_given[task - first] || std::binary_search(mentions.writers.begin(), mentions.writers.end(), task);
    }
    for (std::size_t i = 0; i < available.size(); ++i)
      if (mentions.readers[i] >= first) available[i] = is_given[mentions.readers[i] - first];
    return available;
  }

  /// Whether the writers stand one after the other. The searches cover ranges that do not overlap: one pass in all.
  bool in_line(std::vector<TaskIndex> const& writers) {
    for (std::size_t i = 1; i < writers.size(); ++i)
      if (!search_.is_upstream(writers[i - 1], writers[i])) return false;
    return true;
  }

  /// Of the writers whose values come together at one place, the last one, whose value wins if all others are upstream
  /// of it. Another one that is not is the rival. `writers` is reordered.
  struct Meeting {
    std::optional<TaskIndex> latest, rival;
  };
  Meeting meet(std::vector<TaskIndex>& writers) {
    if (writers.empty()) return {};
    auto const latest = *std::max_element(writers.begin(), writers.end());
    writers.erase(std::remove(writers.begin(), writers.end(), latest), writers.end());
    if (writers.empty()) return {latest, std::nullopt};
    std::sort(writers.begin(), writers.end());
    writers.erase(std::unique(writers.begin(), writers.end()), writers.end());
    return {latest, search_.first_not_upstream(writers, latest)};
  }

  /// Walks the graph in order, knowing for each task the writer whose value it hands on. Where two meet that have no
  /// order, the task must merge; so must some task after both, or the end of the workflow would merge them.
  void check_writes(std::string_view key, KeyMentions const& mentions) {
    std::vector<std::optional<TaskIndex>> hands_on(workflow_.tasks.size());
    std::vector<TaskIndex> meeting, at_end;
    auto has = [](std::vector<TaskIndex> const& list, TaskIndex task) {
      return std::binary_search(list.begin(), list.end(), task);
    };
    for (TaskIndex task = 0; task < workflow_.tasks.size(); ++task) {
      bool const merges = has(mentions.mergers, task);
      meeting.clear();
      for (TaskIndex dependency : workflow_.dependencies[task])
        if (!merges && hands_on[dependency]) meeting.push_back(*hands_on[dependency]);
      auto const [latest, rival] = meet(meeting);
      if (rival) return conflict(key, *latest, *rival);
      hands_on[task] = merges || has(mentions.writers, task) ? std::optional{task} : latest;
      if (workflow_.dependents[task].empty() && hands_on[task]) at_end.push_back(*hands_on[task]);
    }
    auto const [latest, rival] = meet(at_end);
    if (rival) conflict(key, *latest, *rival);
  }

  void conflict(std::string_view key, TaskIndex a, TaskIndex b) {
    auto const [first, second] = std::minmax(a, b);
    violations_.add(CLOACINA_DETAIL_SAY_WRITE_CONFLICT, "tasks '" + workflow_.tasks[first].id + "' and '" +
                                                            workflow_.tasks[second].id + "' write key '" +
                                                            std::string{key} + "'");
  }

  detail::WorkflowData const& workflow_;
  Violations& violations_;
  UpstreamSearch search_;
};

}  // namespace

void check_keys(detail::WorkflowData const& workflow, Violations& violations) {
  KeyChecker checker{workflow, violations};
  for (auto const& [key, mentions] : mentions_of(workflow)) checker.check(key, mentions);
}

}  // namespace cloacina
