#pragma once

#include <cstddef>
#include <string>

#include <cloacina/context.hpp>
#include <cloacina/workflow.hpp>

namespace cloacina {

/// The input of an execution as it is stored. Throws `ValidationError` naming what the workflow
/// needs and the context lacks, or that it has more than `max_bytes`.
[[nodiscard]] std::string checked_input(Workflow const& workflow, Context const& input,
                                        std::size_t max_bytes);

}  // namespace cloacina
