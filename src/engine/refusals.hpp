#pragma once

#include <string>
#include <string_view>

#include <cloacina/context.hpp>

#include "dal/rows.hpp"

namespace cloacina::detail {

/// The error text of an execution that was cancelled for `reason`, which may be empty and is kept
/// like the error of a body: what cannot be stored replaced, and cut at `max_error_bytes`.
[[nodiscard]] std::string cancel_text(std::string_view reason);
/// `StateError`: it is final.
[[noreturn]] void throw_not_cancellable(ExecutionId id, WorkflowStatus status);
/// `ValidationError` if the execution that stands for the key was submitted with another input.
void check_same_input(dal::ExecutionRow const& stored, Context const& input,
                      std::string_view idempotency_key);

}  // namespace cloacina::detail
