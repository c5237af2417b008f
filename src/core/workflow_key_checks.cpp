#include <algorithm>
#include <map>
#include <memory>
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
      violations_.add(
          CLOACINA_DETAIL_SAY_KEY_TYPE_CONFLICT,
          "key '" + std::string{key} + "' by " + user(typed->task) + " and by " + user(use.task));
      return;
    }
  }

  void check_reads(std::string_view key, KeyMentions const& mentions) {
    if (mentions.is_input || mentions.readers.empty()) return;
    auto const available = search_.come_after(mentions.readers, mentions.writers);
    for (std::size_t i = 0; i < mentions.readers.size(); ++i)
      if (!available[i])
        violations_.add(CLOACINA_DETAIL_SAY_MISSING_INPUT,
                        "task '" + workflow_.tasks[mentions.readers[i]].id + "' reads key '" +
                            std::string{key} + "'");
  }

  /// Whether the writers stand one after the other. The searches cover ranges that do not overlap:
  /// one pass in all.
  bool in_line(std::vector<TaskIndex> const& writers) {
    for (std::size_t i = 1; i < writers.size(); ++i)
      if (!search_.is_upstream(writers[i - 1], writers[i])) return false;
    return true;
  }

  /// Sorted writers of one key, none upstream of another; shared, because most tasks hand on what
  /// they were given.
  using Writers = std::shared_ptr<std::vector<TaskIndex> const>;

  /// The writers whose values come together where these are handed on; null if nobody wrote.
  Writers meet(std::vector<Writers> const& handed_on) {
    if (handed_on.empty()) return nullptr;
    bool const all_the_same = std::all_of(handed_on.begin(), handed_on.end(),
                                          [&](auto const& w) { return w == handed_on[0]; });
    if (all_the_same) return handed_on[0];
    std::vector<TaskIndex> met;
    for (auto const& writers : handed_on) met.insert(met.end(), writers->begin(), writers->end());
    std::sort(met.begin(), met.end());
    met.erase(std::unique(met.begin(), met.end()), met.end());
    search_.keep_latest(met);
    return std::make_shared<std::vector<TaskIndex> const>(std::move(met));
  }

  /// Whether one of those before hands on all of the writers, so that they met there.
  static bool have_met(Writers const& writers, std::vector<Writers> const& handed_on) {
    return !writers || writers->size() < 2 ||
           std::any_of(handed_on.begin(), handed_on.end(), [&](auto const& before) {
             return before == writers ||
                    std::includes(before->begin(), before->end(), writers->begin(), writers->end());
           });
  }

  /// Walks the graph in order, knowing for each task the writers whose values it hands on. Where
  /// writers meet that have no order, the task must merge, unless they met before. The end of the
  /// workflow is such a place too.
  void check_writes(std::string_view key, KeyMentions const& mentions) {
    std::vector<Writers> hands_on(workflow_.tasks.size());
    std::vector<Writers> handed_on, at_end;
    auto has = [](std::vector<TaskIndex> const& list, TaskIndex task) {
      return std::binary_search(list.begin(), list.end(), task);
    };
    for (TaskIndex task = 0; task < workflow_.tasks.size(); ++task) {
      handed_on.clear();
      for (TaskIndex dependency : workflow_.dependencies[task])
        if (hands_on[dependency]) handed_on.push_back(hands_on[dependency]);
      auto given = meet(handed_on);
      if (!has(mentions.mergers, task) && !have_met(given, handed_on)) return conflict(key, *given);
      hands_on[task] = has(mentions.writers, task)
                           ? std::make_shared<std::vector<TaskIndex> const>(1, task)
                           : std::move(given);
      if (workflow_.dependents[task].empty() && hands_on[task]) at_end.push_back(hands_on[task]);
    }
    auto const last = meet(at_end);
    if (!have_met(last, at_end)) conflict(key, *last);
  }

  void conflict(std::string_view key, std::vector<TaskIndex> const& writers) {
    violations_.add(CLOACINA_DETAIL_SAY_WRITE_CONFLICT,
                    "tasks '" + workflow_.tasks[writers[0]].id + "' and '" +
                        workflow_.tasks[writers[1]].id + "' write key '" + std::string{key} + "'");
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
