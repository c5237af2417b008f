#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <cloacina/execution_id.hpp>
#include <cloacina/status.hpp>
#include <cloacina/time.hpp>

namespace cloacina::dal {

/// Same shape as an execution's id, another thing.
struct RunnerId {
  ExecutionId value{};
  friend auto operator<=>(RunnerId const&, RunnerId const&) = default;
};

/// A row of `workflow_executions`.
struct ExecutionRow {
  ExecutionId id{};
  std::string workflow, version;
  WorkflowStatus status = WorkflowStatus::pending;
  std::int16_t priority = 0;
  std::optional<RunnerId> owner;
  std::string input;
  std::optional<std::string> output, error, idempotency_key;
  Instant created_at{};
  std::optional<Instant> start_after, started_at, completed_at, deadline;
  std::uint32_t takeovers = 0;
};

/// What is stored of an execution cannot be read: a stranger's doing, or damage.
struct UnreadableRow {
  ExecutionId id{};
  std::string why;
};

/// Rows of executions; one that cannot be read keeps nobody from the others (R16).
struct ExecutionRows {
  std::vector<ExecutionRow> rows;
  std::vector<UnreadableRow> unreadable;
};

/// A row of `task_executions`.
struct TaskRow {
  ExecutionId execution{};
  std::string task;
  TaskStatus status = TaskStatus::ready;
  std::uint32_t attempt = 1;
  std::uint32_t crashes = 0;
  std::optional<std::string> delta, error, skip_reason;
  std::optional<Instant> started_at, completed_at, wake_at;
};

/// A row of `task_attempts`.
struct AttemptRow {
  ExecutionId execution{};
  std::string task;
  std::uint32_t attempt = 1;
  std::string status, error;
  std::optional<Instant> started_at, ended_at;
};

}  // namespace cloacina::dal
