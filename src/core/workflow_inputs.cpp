#include "core/workflow_inputs.hpp"

#include <cloacina/error.hpp>

#include "core/context_limit.hpp"

namespace cloacina {

std::string checked_input(Workflow const& workflow, Context const& input, std::size_t max_bytes) {
  std::string missing;
  for (auto const& key : workflow.data().inputs) {
    if (key.optional || input.contains(key.name)) continue;
    missing += (missing.empty() ? "'" : ", '") + key.name + "'";
  }
  if (!missing.empty())
    throw ValidationError{
        "workflow '" + workflow.name() + "' needs input " + missing + "; put it into the context",
        workflow.name()};
  auto text = input.to_json();
  if (text.size() > max_bytes)
    throw ValidationError{
        too_large("the input of workflow '" + workflow.name() + "'", input, text.size(), max_bytes),
        workflow.name()};
  return text;
}

}  // namespace cloacina
