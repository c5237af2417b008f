#include "engine/refusals.hpp"

#include <cloacina/error.hpp>

#include "core/foreign_exception.hpp"
#include "core/utf8.hpp"

namespace cloacina::detail {

std::string cancel_text(std::string_view reason) {
  if (reason.empty()) return "cancelled";
  return "cancelled: " + to_storable_utf8(reason, max_error_bytes);
}

void throw_not_cancellable(ExecutionId id, WorkflowStatus status) {
  auto const name = id.to_string();
  throw StateError{"execution " + name + " is " + std::string{to_string(status)} +
                       "; only one that is Pending, Running or Paused can be cancelled",
                   name};
}

void check_same_input(dal::ExecutionRow const& stored, Context const& input,
                      std::string_view idempotency_key) {
  if (Context::from_json(stored.input) == input) return;
  throw ValidationError{"idempotency key '" + std::string{idempotency_key} + "' of workflow '" +
                            stored.workflow + "' belongs to execution " + stored.id.to_string() +
                            " with another input; use another key, or submit the same input",
                        "idempotency_key"};
}

}  // namespace cloacina::detail
