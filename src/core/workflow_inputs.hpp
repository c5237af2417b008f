#pragma once

#include <cloacina/context.hpp>
#include <cloacina/workflow.hpp>

namespace cloacina {

/// Throws `ValidationError` naming what the workflow needs and the context lacks.
void check_inputs(Workflow const& workflow, Context const& input);

}  // namespace cloacina
