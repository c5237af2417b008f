#pragma once

#include <cstddef>

#include <cloacina/detail/check_structure.hpp>
#include <cloacina/time.hpp>

namespace cloacina::detail {

/// Options that contradict each other, and rules that look where they must not.
constexpr Finding check_tasks(WorkflowOptions const& workflow, Structure const& graph) {
  if (workflow.timeout && !in_range(*workflow.timeout))
    return finding(Fault::duration_out_of_range);
  for (auto const& task : workflow.tasks) {
    auto const& options = *task.info->options;
    if ((options.timeout && !in_range(*options.timeout)) ||
        !in_range(options.retry.initial_delay) || !in_range(options.retry.max_delay))
      return finding(Fault::duration_out_of_range, task.name);
  }
  for (auto const& task : workflow.tasks)
    if (task.info->options->execution == ExecutionMode::at_most_once &&
        task.info->options->retry.max_attempts > 1)
      return finding(Fault::retried_at_most_once, task.name);

  for (std::size_t i = 0; i < workflow.tasks.size(); ++i) {
    auto const& rule = workflow.tasks[i].info->options->trigger_rule;
    for (std::size_t n = 0; n < rule.size; ++n) {
      auto const& node = rule.nodes[n];
      bool const names_a_task = node.kind == when::Kind::success ||
                                node.kind == when::Kind::failed || node.kind == when::Kind::skipped;
      if (!names_a_task) continue;
      bool upstream = false;
      for (std::size_t j = 0; j < workflow.tasks.size() && !upstream; ++j)
        upstream = graph.upstream[i].has(j) && workflow.tasks[j].name == node.name;
      if (!upstream) return finding(Fault::rule_not_upstream, workflow.tasks[i].name, node.name);
    }
  }
  return {};
}

}  // namespace cloacina::detail
