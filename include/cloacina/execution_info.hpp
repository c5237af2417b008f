#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <cloacina/execution_id.hpp>
#include <cloacina/status.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

/// Which executions `list` returns; a `ValidationError` names the field that is out of range.
struct ListOptions {
  std::string_view workflow{};             ///< empty: all; UTF-8 without NUL
  std::optional<WorkflowStatus> status{};  ///< absent: all
  std::size_t limit = 100;                 ///< 1 to 10 000
  std::optional<ExecutionId> after{};      ///< the last id of the page before: goes on behind it
};

/// One line of a list.
struct ExecutionInfo {
  ExecutionId id{};
  std::string workflow;
  std::string version;
  WorkflowStatus status = WorkflowStatus::pending;
  std::int16_t priority = 0;
  std::string error;  ///< empty: none
  std::string idempotency_key;
  Instant created_at{};
  std::optional<Instant> start_after, started_at, completed_at;
};

}  // namespace cloacina
