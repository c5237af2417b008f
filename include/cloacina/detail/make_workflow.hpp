#pragma once

#include <memory>

#include <cloacina/detail/task_body.hpp>
#include <cloacina/detail/task_info.hpp>
#include <cloacina/workflow.hpp>

namespace cloacina::detail {

/// The workflow that a symbol stands for. Throws `ValidationError`.
[[nodiscard]] Workflow make_workflow(WorkflowInfo const& info);

/// The task that a symbol stands for.
[[nodiscard]] TaskDefinition make_task(TaskInfo const& info);

}  // namespace cloacina::detail
