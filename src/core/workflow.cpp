#include <cloacina/workflow.hpp>

#include <algorithm>

#include <cloacina/error.hpp>

#include "core/graph.hpp"
#include "core/nearest.hpp"
#include "core/upstream_search.hpp"
#include "core/workflow_draft.hpp"

namespace cloacina {
namespace detail {

std::optional<TaskIndex> WorkflowData::index_of(std::string_view task_id) const noexcept {
  if (by_id.size() != tasks.size()) {
    for (TaskIndex i = 0; i < tasks.size(); ++i)
      if (tasks[i].id == task_id) return i;
    return std::nullopt;
  }
  auto const at =
      std::lower_bound(by_id.begin(), by_id.end(), task_id,
                       [this](TaskIndex i, std::string_view id) { return tasks[i].id < id; });
  if (at == by_id.end() || tasks[*at].id != task_id) return std::nullopt;
  return *at;
}

void WorkflowData::index_tasks() {
  by_id.resize(tasks.size());
  for (TaskIndex i = 0; i < tasks.size(); ++i) by_id[i] = i;
  std::sort(by_id.begin(), by_id.end(),
            [this](TaskIndex a, TaskIndex b) { return tasks[a].id < tasks[b].id; });
}

namespace {

TaskIndex require(WorkflowData const& data, std::string_view id) {
  if (auto const index = data.index_of(id)) return *index;
  std::vector<std::string> known;
  for (TaskIndex at : data.listed) known.push_back(data.tasks[at].id);
  throw ValidationError("workflow '" + data.name + "' has no task '" + std::string{id} + "'" +
                            did_you_mean(id, known),
                        std::string{id});
}

std::vector<std::string> ids_of(WorkflowData const& data, std::vector<TaskIndex> const& tasks) {
  std::vector<std::string> ids;
  ids.reserve(tasks.size());
  for (TaskIndex task : tasks) ids.push_back(data.tasks[task].id);
  return ids;
}

std::vector<std::string> ids_without(WorkflowData const& data,
                                     std::vector<std::vector<TaskIndex>> const& edges) {
  std::vector<std::string> ids;
  for (TaskIndex task : data.listed)
    if (edges[task].empty()) ids.push_back(data.tasks[task].id);
  return ids;
}

}  // namespace
}  // namespace detail

std::vector<std::string> Workflow::tasks() const { return detail::ids_of(*data_, data_->listed); }

TaskDefinition const& Workflow::task(std::string_view id) const {
  return data_->tasks[detail::require(*data_, id)];
}

std::vector<std::string> Workflow::dependencies(std::string_view id) const {
  return detail::ids_of(*data_, data_->dependencies[detail::require(*data_, id)]);
}

std::vector<std::string> Workflow::dependents(std::string_view id) const {
  return detail::ids_of(*data_, data_->dependents[detail::require(*data_, id)]);
}

std::vector<std::string> Workflow::topological_sort() const {
  std::vector<std::string> ids;
  for (auto const& task : data_->tasks) ids.push_back(task.id);
  return ids;
}

std::vector<std::vector<std::string>> Workflow::execution_levels() const {
  auto const level = levels_of(data_->dependencies);
  std::vector<std::vector<std::string>> levels;
  for (TaskIndex task = 0; task < level.size(); ++task) {
    if (level[task] >= levels.size()) levels.resize(level[task] + 1);
    levels[level[task]].push_back(data_->tasks[task].id);
  }
  return levels;
}

std::vector<std::string> Workflow::roots() const {
  return detail::ids_without(*data_, data_->dependencies);
}

std::vector<std::string> Workflow::leaves() const {
  return detail::ids_without(*data_, data_->dependents);
}

bool Workflow::can_run_parallel(std::string_view a, std::string_view b) const {
  auto const [earlier, later] =
      std::minmax({detail::require(*data_, a), detail::require(*data_, b)});
  return earlier != later && !UpstreamSearch{data_->dependencies}.is_upstream(earlier, later);
}

Workflow Workflow::subgraph(std::vector<std::string> const& ids) const {
  std::vector<char> kept(data_->tasks.size(), 0);
  for (auto const& id : ids) kept[detail::require(*data_, id)] = 1;
  for (TaskIndex task = static_cast<TaskIndex>(kept.size()); task-- > 0;)
    if (kept[task])
      for (TaskIndex dependency : data_->dependencies[task]) kept[dependency] = 1;
  WorkflowDraft draft = draft_of(*this);
  draft.tasks.clear();
  for (TaskIndex task : data_->listed)
    if (kept[task]) draft.tasks.push_back(data_->tasks[task]);
  return finish(std::move(draft));
}

void Workflow::validate() const { (void)finish(draft_of(*this)); }

}  // namespace cloacina
