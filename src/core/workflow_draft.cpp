#include "core/workflow_draft.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include <cloacina/detail/sentences.hpp>
#include <cloacina/error.hpp>

#include "core/content_version.hpp"
#include "core/graph.hpp"
#include "core/nearest.hpp"
#include "core/retry_rules.hpp"
#include "core/workflow_checks.hpp"

namespace cloacina {
namespace {

/// A dependency that is listed twice counts once, where it stands first: the order of dependencies
/// decides merges.
void drop_repeated(std::vector<std::string>& ids) {
  std::vector<std::string> kept;
  kept.reserve(ids.size());
  std::unordered_map<std::string_view, bool> seen;
  for (auto& id : ids)
    if (seen.emplace(id, true).second) kept.push_back(id);
  ids = std::move(kept);
}

/// Resolves names to positions in `.tasks`; what has no place there is reported.
class Resolver {
 public:
  Resolver(std::vector<TaskDefinition> const& tasks, Violations& violations)
      : tasks_(tasks), violations_(violations) {
    for (TaskIndex i = 0; i < tasks.size(); ++i)
      if (!index_.emplace(tasks[i].id, i).second)
        fault(CLOACINA_DETAIL_SAY_LISTED_TWICE, "'" + tasks[i].id + "'");
  }

  Edges resolve() {
    Edges edges(tasks_.size());
    for (TaskIndex i = 0; i < tasks_.size(); ++i)
      for (auto const& id : tasks_[i].dependencies) {
        if (auto const found = index_.find(id); found != index_.end())
          edges[i].push_back(found->second);
        else
          fault(CLOACINA_DETAIL_SAY_UNKNOWN_DEPENDENCY,
                "task '" + tasks_[i].id + "' comes after '" + id + "'" + suggestion(id));
      }
    return edges;
  }
  [[nodiscard]] bool found_faults() const noexcept { return faults_ > 0; }

 private:
  void fault(char const* rule, std::string const& names) {
    violations_.add(rule, names);
    ++faults_;
  }
  /// Looks at every name, so only for the first few faults.
  std::string suggestion(std::string const& id) const {
    constexpr int enough = 8;
    if (faults_ >= enough) return "";
    std::vector<std::string> known;
    for (auto const& task : tasks_) known.push_back(task.id);
    return did_you_mean(id, known);
  }

  std::vector<TaskDefinition> const& tasks_;
  Violations& violations_;
  std::unordered_map<std::string_view, TaskIndex> index_;
  int faults_ = 0;
};

void report_cycle(std::vector<TaskDefinition> const& tasks, std::vector<TaskIndex> const& cycle,
                  Violations& violations) {
  std::string path;
  for (TaskIndex task : cycle) path += "'" + tasks[task].id + "' waits for ";
  violations.add(CLOACINA_DETAIL_SAY_CYCLE, path + "'" + tasks[cycle.front()].id + "'");
}

/// Moves the tasks into topological order.
void arrange(detail::WorkflowData& data, std::vector<TaskDefinition> tasks, Edges const& edges,
             std::vector<TaskIndex> const& order) {
  auto const count = tasks.size();
  std::vector<TaskIndex>& position = data.listed;  // of each listed task
  position.resize(count);
  for (TaskIndex at = 0; at < count; ++at) position[order[at]] = at;
  data.dependencies.resize(count);
  data.dependents.resize(count);
  data.tasks.reserve(count);
  for (TaskIndex at = 0; at < count; ++at) {
    for (TaskIndex dependency : edges[order[at]]) {
      data.dependencies[at].push_back(position[dependency]);
      data.dependents[position[dependency]].push_back(at);
    }
    data.tasks.push_back(std::move(tasks[order[at]]));
    auto& task = data.tasks.back();
    task.retry.max_attempts = attempts_allowed(task.retry, task.execution);
  }
}

}  // namespace

Workflow finish(WorkflowDraft draft) {
  Violations violations;
  check_definitions(draft, violations);
  for (auto& task : draft.tasks) drop_repeated(task.dependencies);
  Resolver resolver{draft.tasks, violations};
  auto const edges = resolver.resolve();
  auto const order = topological_order(edges);
  if (!order) report_cycle(draft.tasks, find_cycle(edges), violations);
  // Keys and rules are looked up along the graph; on a wrong one they would be reported for the
  // wrong reason.
  if (!order || resolver.found_faults() || draft.tasks.empty()) violations.throw_if_any(draft.name);

  auto data = std::make_shared<detail::WorkflowData>();
  data->name = std::move(draft.name);
  data->description = std::move(draft.description);
  data->tags = std::move(draft.tags);
  data->declared_version = draft.declared_version;
  data->timeout = draft.timeout;
  data->inputs = std::move(draft.inputs);
  data->owned = std::move(draft.owned);
  arrange(*data, std::move(draft.tasks), edges, *order);
  data->index_tasks();
  check_rules(*data, violations);
  check_keys(*data, violations);
  violations.throw_if_any(data->name);
  data->version = content_version(*data);
  return Workflow{std::move(data)};
}

WorkflowDraft draft_of(Workflow const& workflow) {
  auto const& data = workflow.data();
  WorkflowDraft draft{.name = data.name,
                      .description = data.description,
                      .tags = data.tags,
                      .declared_version = data.declared_version,
                      .timeout = data.timeout,
                      .inputs = data.inputs,
                      .tasks = {},
                      .owned = {workflow.shared_data()}};
  for (TaskIndex at : data.listed) draft.tasks.push_back(data.tasks[at]);
  draft.needs_bodies =
      std::all_of(data.tasks.begin(), data.tasks.end(), [](auto const& task) { return task.body; });
  return draft;
}

}  // namespace cloacina
