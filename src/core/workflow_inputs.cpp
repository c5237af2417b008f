#include "core/workflow_inputs.hpp"

#include <string>

#include <cloacina/error.hpp>

namespace cloacina {

void check_inputs(Workflow const& workflow, Context const& input) {
  std::string missing;
  for (auto const& key : workflow.data().inputs) {
    if (key.optional || input.contains(key.name)) continue;
    missing += (missing.empty() ? "'" : ", '") + key.name + "'";
  }
  if (missing.empty()) return;
  throw ValidationError{
      "workflow '" + workflow.name() + "' needs input " + missing + "; put it into the context",
      workflow.name()};
}

}  // namespace cloacina
