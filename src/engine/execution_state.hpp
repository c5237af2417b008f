#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <cloacina/detail/context_delta.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/status.hpp>
#include <cloacina/time.hpp>
#include <cloacina/workflow.hpp>

#include "core/causal_context.hpp"

namespace cloacina::engine {

/// One task of a running execution.
struct TaskState {
  TaskStatus status = TaskStatus::not_started;
  /// Skipped because a dependency failed, was cancelled, or was itself skipped for that reason.
  bool skipped_by_failure = false;
  bool dirty = false;                   ///< the loop's: its row belongs to the next batch
  bool has_row = false;                 ///< the loop's: a row of it is stored
  std::uint32_t attempt = 1;            ///< the attempt that runs, or runs next
  std::uint32_t crashes = 0;            ///< R9
  std::uint32_t waiting_for = 0;        ///< dependencies that are not final
  std::uint32_t untaken = 0;            ///< dependents that have not yet taken `context`
  std::optional<Instant> started_at;    ///< of the newest attempt
  std::optional<Instant> completed_at;  ///< when it became final
  std::optional<Instant> wake_at;       ///< Ready, but not before; then it stands in `waits`
  /// Of a final task: what it hands on. Of one whose dependencies are final: what it was given.
  /// Emptied once every dependent has taken it, but for leaves (the final context needs them) and
  /// tasks with a callback.
  CausalContext context;
  detail::ContextDelta delta;  ///< of a completed task
  std::string delta_text;      ///< the same as it is stored; emptied once written
  std::string error;           ///< of the newest failed attempt, also when a later one succeeded
  std::string skip_reason;     ///< of a skipped task
};

/// A task that is Ready, but not before a certain time.
struct Wait {
  Instant until{};
  TaskIndex task = 0;

  friend auto operator<=>(Wait const&, Wait const&) = default;
};

/// An attempt that failed or was cancelled, until its row is written.
struct EndedAttempt {
  TaskIndex task = 0;
  std::uint32_t attempt = 1;
  TaskStatus status = TaskStatus::failed;
  std::string error;
  std::optional<Instant> started_at;
  Instant ended_at{};
};

/// A workflow execution as its owner knows it: all that the next decision depends on. A value; no
/// thread, no clock.
struct ExecutionState {
  ExecutionId id{};
  std::shared_ptr<detail::WorkflowData const> workflow;
  WorkflowStatus status = WorkflowStatus::pending;
  std::int16_t priority = 0;
  std::uint32_t takeovers = 0;
  std::uint32_t unfinished = 0;  ///< tasks that are not final
  Context input;
  Instant created_at{};
  std::optional<Instant> start_after;  ///< Pending until then
  std::optional<Instant> started_at, completed_at;
  std::optional<Instant> deadline;  ///< then it fails; absent: never
  std::vector<TaskState> tasks;
  std::vector<Wait> waits;                   ///< a heap, the earliest at the front
  std::vector<TaskIndex> held;               ///< Ready, but not to be started now (R9)
  std::vector<EndedAttempt> ended_attempts;  ///< not written yet; the loop empties it
  Context output;                            ///< of a final one
  std::string error;                         ///< why it failed or was cancelled
};

}  // namespace cloacina::engine
