#include "core/content_version.hpp"

#include <algorithm>
#include <vector>

#include <cloacina/json.hpp>

#include "core/sha256.hpp"

namespace cloacina {
namespace {

Json sorted_names(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Json sorted_names(std::vector<KeyUse> const& keys) {
  std::vector<std::string> names;
  for (auto const& key : keys) names.push_back(key.name);
  return sorted_names(std::move(names));
}

Json canonical(TaskDefinition const& task) {
  return {{"id", task.id},
          {"dependencies", sorted_names(task.dependencies)},
          {"rule", task.trigger_rule.to_json()},
          {"reads", sorted_names(task.reads)},
          {"writes", sorted_names(task.writes)},
          {"version", task.version},
          {"body", task.body_hash}};
}

}  // namespace

std::string canonical_json(detail::WorkflowData const& workflow) {
  auto tags = workflow.tags;
  std::sort(tags.begin(), tags.end());
  Json tags_json = Json::object();
  for (auto const& [key, value] : tags) tags_json[key] = value;

  std::vector<TaskDefinition const*> tasks;
  for (auto const& task : workflow.tasks) tasks.push_back(&task);
  std::sort(tasks.begin(), tasks.end(), [](auto const* a, auto const* b) { return a->id < b->id; });
  Json tasks_json = Json::array();
  for (auto const* task : tasks) tasks_json.push_back(canonical(*task));

  Json const all{{"name", workflow.name},
                 {"description", workflow.description},
                 {"tags", std::move(tags_json)},
                 {"version", workflow.declared_version},
                 {"tasks", std::move(tasks_json)}};
  return all.dump();
}

std::string content_version(detail::WorkflowData const& workflow) {
  return sha256_hex(canonical_json(workflow)).substr(0, 16);
}

}  // namespace cloacina
