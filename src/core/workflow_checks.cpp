#include "core/workflow_checks.hpp"

#include <map>
#include <set>
#include <string_view>

#include <cloacina/detail/sentences.hpp>
#include <cloacina/detail/task_info.hpp>
#include <cloacina/error.hpp>

#include "core/ascii.hpp"
#include "core/duration.hpp"
#include "core/names.hpp"
#include "core/retry_rules.hpp"
#include "core/upstream_search.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

constexpr std::size_t max_tasks = 65'535;

void check_name(char const* what, std::string const& name, Violations& violations) {
  if (!is_valid_name(name))
    violations.add(std::string{"invalid "} + what + ": " CLOACINA_DETAIL_SAY_NAME ", not '" +
                   to_valid_utf8(name) + "'");
}

void check_keys_of(std::vector<KeyUse> const& keys, std::string const& where,
                   Violations& violations) {
  std::set<std::string_view> seen;
  for (auto const& key : keys) {
    if (key.name.empty() || !is_valid_utf8(key.name))
      violations.add("invalid key: a key is text of UTF-8, at least one byte; " + where);
    else if (!seen.insert(key.name).second)
      violations.add("duplicate key: " + in_quotes(key.name) + " is listed twice; " + where);
  }
}

void check_timeout(std::optional<std::chrono::milliseconds> timeout, std::string const& whose,
                   Violations& violations) {
  if (timeout && !detail::in_range(*timeout))
    violations.add(CLOACINA_DETAIL_SAY_DURATION_OUT_OF_RANGE,
                   "the timeout of " + whose + " is " + format_duration(*timeout));
}

void check_task(TaskDefinition const& task, bool needs_body, Violations& violations) {
  check_name("task id", task.id, violations);
  auto const named = "task " + in_quotes(to_valid_utf8(task.id));
  if (needs_body && !task.body) violations.add("task without a body: " + named);
  if (!is_valid_utf8(task.description)) violations.add("description that is not UTF-8: " + named);
  check_keys_of(task.reads, "in .reads of " + named, violations);
  check_keys_of(task.writes, "in .writes of " + named, violations);
  for (auto const& problem : validate(task.retry))
    violations.add("retry policy of " + named + ": " + problem);
  check_timeout(task.timeout, named, violations);
  if (!is_valid_utf8(task.body_hash)) violations.add("body hash that is not UTF-8: " + named);
  if (task.execution != at_least_once && task.execution != at_most_once)
    violations.add("unknown execution mode " +
                   std::to_string(static_cast<unsigned>(task.execution)) +
                   ": expected at_least_once or at_most_once; " + named);
  if (task.execution == at_most_once && task.retry.max_attempts > 1)
    violations.add(CLOACINA_DETAIL_SAY_RETRIED_AT_MOST_ONCE, named);
}

}  // namespace

void Violations::throw_if_any(std::string const& workflow) const {
  if (sentences_.empty()) return;
  std::string text = "workflow '" + to_valid_utf8(workflow) + "' cannot be built:";
  for (auto const& sentence : sentences_)
    text += (sentences_.size() == 1 ? " " : "\n  - ") + sentence;
  throw ValidationError(text, workflow);
}

void check_definitions(WorkflowDraft const& draft, Violations& violations) {
  check_name("workflow name", draft.name, violations);
  if (!is_valid_utf8(draft.description)) violations.add("description of the workflow is not UTF-8");
  for (auto const& [key, value] : draft.tags)
    if (key.empty() || !is_valid_utf8(key) || !is_valid_utf8(value))
      violations.add("invalid tag: key and value are text of UTF-8, the key not empty");
  check_keys_of(draft.inputs, "in .inputs", violations);
  check_timeout(draft.timeout, "the workflow", violations);
  if (draft.tasks.empty()) violations.add(CLOACINA_DETAIL_SAY_NO_TASKS);
  if (draft.tasks.size() > max_tasks)
    violations.add("too many tasks: a workflow takes 65 535, not " +
                   std::to_string(draft.tasks.size()));
  for (auto const& task : draft.tasks) check_task(task, draft.needs_bodies, violations);
}

void check_rules(detail::WorkflowData const& workflow, Violations& violations) {
  auto report = [&](TaskIndex task, std::string const& named) {
    violations.add(
        CLOACINA_DETAIL_SAY_RULE_NOT_UPSTREAM,
        "the rule of task " + in_quotes(workflow.tasks[task].id) + " names " + in_quotes(named));
  };
  std::map<TaskIndex, std::vector<TaskIndex>> by_named;
  for (TaskIndex i = 0; i < workflow.tasks.size(); ++i) {
    if (workflow.tasks[i].trigger_rule.is_default()) continue;
    for (auto const& named : workflow.tasks[i].trigger_rule.tasks()) {
      if (auto const at = workflow.index_of(named))
        by_named[*at].push_back(i);
      else
        report(i, named);
    }
  }
  UpstreamSearch search{workflow.dependencies};
  for (auto const& [named, tasks] : by_named) {
    auto const upstream = search.come_after(tasks, {named});
    for (std::size_t i = 0; i < tasks.size(); ++i)
      if (!upstream[i]) report(tasks[i], workflow.tasks[named].id);
  }
}

}  // namespace cloacina
