#pragma once

#include <cstddef>
#include <string_view>

#include <cloacina/context.hpp>
#include <cloacina/environment.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/submit_options.hpp>

#include "engine/messages.hpp"

namespace cloacina::detail {

/// Throws `WorkflowNotFound` with the nearest names.
[[nodiscard]] Workflow const& find_workflow(Registry::Snapshot const& workflows,
                                            std::string_view name);

/// Resolves the workflow and checks input and options, so that nothing is refused later that could
/// be refused now. Throws `WorkflowNotFound` with the nearest names, or `ValidationError`.
[[nodiscard]] engine::Submission make_submission(Registry::Snapshot const& workflows,
                                                 Environment const& environment,
                                                 std::string_view workflow, Context input,
                                                 SubmitOptions const& options,
                                                 std::size_t max_context_bytes);

/// One key cannot stand for several executions: throws `ValidationError`.
void check_key_stands_for_one(SubmitOptions const& options, std::size_t executions);

}  // namespace cloacina::detail
