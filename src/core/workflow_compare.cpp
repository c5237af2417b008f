#include <algorithm>
#include <set>

#include <cloacina/workflow.hpp>

namespace cloacina {
namespace {

using Names = std::set<std::string>;

Names names(std::vector<std::string> const& list) { return {list.begin(), list.end()}; }
Names names(std::vector<KeyUse> const& keys) {
  Names set;
  for (auto const& key : keys) set.insert(key.name);
  return set;
}

/// Adds a sentence for each name that only one of two sets has.
class Differences {
 public:
  explicit Differences(std::vector<std::string>& sentences) : sentences_(sentences) {}

  void sets(std::string const& subject, std::string const& verb, Names const& before,
            Names const& after) {
    for (auto const& name : after)
      if (!before.contains(name))
        sentences_.push_back(subject + ": " + verb + " '" + name + "' now");
    for (auto const& name : before)
      if (!after.contains(name))
        sentences_.push_back(subject + ": " + verb + " '" + name + "' no longer");
  }
  void values(std::string const& subject, std::string const& what, std::string const& before,
              std::string const& after) {
    if (before != after)
      sentences_.push_back(subject + ": " + what + " was '" + before + "' and is '" + after + "'");
  }

 private:
  std::vector<std::string>& sentences_;
};

void compare_tasks(TaskDefinition const& a, TaskDefinition const& b, Differences differences) {
  auto const subject = "task '" + a.id + "'";
  differences.sets(subject, "depends on", names(a.dependencies), names(b.dependencies));
  differences.sets(subject, "reads", names(a.reads), names(b.reads));
  differences.sets(subject, "writes", names(a.writes), names(b.writes));
  differences.values(subject, "its rule", a.trigger_rule.to_json().dump(),
                     b.trigger_rule.to_json().dump());
  differences.values(subject, "its version", std::to_string(a.version), std::to_string(b.version));
  differences.values(subject, "its body", a.body_hash, b.body_hash);
}

std::set<std::pair<std::string, std::string>> sorted_tags(Workflow const& workflow) {
  return {workflow.tags().begin(), workflow.tags().end()};
}

void append(std::string& text, std::string const& sentence) {
  text += (text.empty() ? "" : "; ") + sentence;
}

}  // namespace

WorkflowDifference Workflow::compare(Workflow const& a, Workflow const& b) {
  WorkflowDifference difference;
  Differences differences{difference.changed};
  differences.values("workflow", "its name", a.name(), b.name());
  differences.values("workflow", "its description", a.description(), b.description());
  differences.values("workflow", "its version", std::to_string(a.data().declared_version),
                     std::to_string(b.data().declared_version));
  if (sorted_tags(a) != sorted_tags(b))
    difference.changed.push_back("workflow: its tags are others");
  for (TaskIndex at : b.data().listed)
    if (!a.data().index_of(b.data().tasks[at].id))
      difference.added.push_back(b.data().tasks[at].id);
  for (TaskIndex at : a.data().listed) {
    auto const& task = a.data().tasks[at];
    if (auto const other = b.data().index_of(task.id))
      compare_tasks(task, b.data().tasks[*other], differences);
    else
      difference.removed.push_back(task.id);
  }
  return difference;
}

std::string WorkflowDifference::to_string() const {
  std::string text;
  for (auto const& id : added) append(text, "task '" + id + "' was added");
  for (auto const& id : removed) append(text, "task '" + id + "' was removed");
  for (auto const& sentence : changed) append(text, sentence);
  return text.empty() ? "no difference" : text;
}

}  // namespace cloacina
