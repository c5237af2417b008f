#include <cloacina/error.hpp>

#include <utility>

#include "core/utf8.hpp"

namespace cloacina {

Error::Error(ErrorKind kind, std::string const& message, std::string where, bool retryable)
    : std::runtime_error(to_valid_utf8(message)),
      where_(is_valid_utf8(where) ? std::move(where) : to_valid_utf8(where)),
      kind_(kind),
      retryable_(retryable) {}

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::validation:
      return "validation";
    case ErrorKind::context:
      return "context";
    case ErrorKind::task:
      return "task";
    case ErrorKind::workflow_not_found:
      return "workflow_not_found";
    case ErrorKind::schedule_not_found:
      return "schedule_not_found";
    case ErrorKind::execution_not_found:
      return "execution_not_found";
    case ErrorKind::execution_failed:
      return "execution_failed";
    case ErrorKind::execution_cancelled:
      return "execution_cancelled";
    case ErrorKind::state:
      return "state";
    case ErrorKind::runner_stopped:
      return "runner_stopped";
    case ErrorKind::configuration:
      return "configuration";
    case ErrorKind::backend:
      return "backend";
    case ErrorKind::timeout:
      return "timeout";
  }
  return "unknown";
}

}  // namespace cloacina
