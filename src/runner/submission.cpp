#include "runner/submission.hpp"

#include <string>
#include <utility>
#include <vector>

#include <cloacina/error.hpp>

#include "core/duration.hpp"
#include "core/workflow_inputs.hpp"
#include "runner/check_text.hpp"

namespace cloacina::detail {
namespace {

constexpr std::size_t longest_idempotency_key = 256;

void check_options(SubmitOptions const& options) {
  if (options.idempotency_key.size() > longest_idempotency_key) {
    throw ValidationError{"idempotency key of " + std::to_string(options.idempotency_key.size()) +
                              " bytes; at most 256 are allowed",
                          "idempotency_key"};
  }
  check_text("idempotency_key", options.idempotency_key);
  if (!in_range(options.start_after)) {
    throw ValidationError{"start_after is " + format_duration(options.start_after) + "; expected " +
                              std::string{allowed_durations} + ": leave it out to start at once",
                          "start_after"};
  }
}

}  // namespace

Workflow const& find_workflow(Registry::Snapshot const& workflows, std::string_view name) {
  auto const found = workflows->find(name);
  if (found != workflows->end()) return found->second;
  std::vector<std::string> known;
  for (auto const& [key, workflow] : *workflows) known.push_back(key);
  throw WorkflowNotFound{workflow_not_found_message(name, known), std::string{name}};
}

engine::Submission make_submission(Registry::Snapshot const& workflows,
                                   Environment const& environment, std::string_view workflow,
                                   Context input, SubmitOptions const& options,
                                   std::size_t max_context_bytes) {
  auto const& definition = find_workflow(workflows, workflow);
  check_options(options);
  engine::Submission submission;
  submission.input_text = checked_input(definition, input, max_context_bytes);
  submission.id = environment.new_id();
  submission.workflow = definition.shared_data();
  submission.input = std::move(input);
  submission.idempotency_key = std::string{options.idempotency_key};
  submission.priority = options.priority;
  submission.start_after = options.start_after;
  return submission;
}

void check_key_stands_for_one(SubmitOptions const& options, std::size_t executions) {
  if (options.idempotency_key.empty() || executions <= 1) return;
  throw ValidationError{
      "one idempotency key cannot stand for several executions; submit them one by one",
      "idempotency_key"};
}

}  // namespace cloacina::detail
