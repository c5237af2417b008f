#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/execution_state.hpp"

namespace cloacina::engine {

// Events: what happened.

struct Submitted {};  ///< accepted, or claimed while Pending: nothing of it has run
struct Loaded {};     ///< claimed or adopted with the rows of an earlier owner: go on from there
struct TimeDue {};    ///< `next_due` has passed
struct StartHeld {};  ///< what was held may start, if the settings hold nothing any more
/// This task, which was held for that, may start: nothing else runs (R9).
struct StartAlone {
  TaskIndex task = 0;
};
struct TaskSucceeded {
  TaskIndex task = 0;
  std::uint32_t attempt = 1;
  detail::ContextDelta delta;
  std::string delta_text;
};
struct TaskFailed {
  TaskIndex task = 0;
  std::uint32_t attempt = 1;
  std::string error;
  bool retryable = true;  ///< by the policy's condition; the plan counts the attempts
};
struct CancelRequested {
  std::string reason;
};
using Event = std::variant<Submitted, Loaded, TimeDue, StartHeld, StartAlone, TaskSucceeded,
                           TaskFailed, CancelRequested>;

/// What is to be done, in this order of effect: the writes of a batch, its commit, then all the
/// rest (R11).
struct Action {
  enum class Kind : std::uint8_t {
    write_task,       ///< its row, from the state
    write_execution,  ///< its row, from the state
    start_task,       ///< run the body of attempt `tasks[task].attempt` on `tasks[task].context`
    stop_task,        ///< request stop of its body; what it returns is dropped
    task_final,       ///< its outcome is recorded: callbacks, observers
    finish,           ///< the execution is final: answer waiters, forget it
  };
  Kind kind;
  TaskIndex task = 0;

  friend bool operator==(Action const&, Action const&) = default;
};

/// What the decisions of one runner have in common.
struct PlanSettings {
  std::chrono::milliseconds workflow_timeout{3'600'000};  ///< 0: none
  std::function<double()> random;                         ///< uniform in [0, 1)
  std::uint32_t max_crashes = 5;  ///< one less, and a task starts only by `StartAlone`
  bool hold_starts = false;       ///< what would start is put into `held` instead
};

/// Decides what follows from `event`: changes `state` and appends actions. Pure but for
/// `settings.random`.
///
/// An event that no longer fits (a task that is not Running, another attempt, a final execution)
/// changes nothing. A start whose marker must be stored before the body runs (R9, R10) comes with a
/// `write_task` before it. The work is proportional to what changes: the tasks that end, and the
/// edges to their dependents. Throws nothing but `std::bad_alloc`.
void plan(ExecutionState& state, Event&& event, Instant now, PlanSettings const& settings,
          std::vector<Action>& actions);

/// When `TimeDue` is the next thing to happen: start_after, the deadline, or the earliest wait for
/// an attempt. Constant time. Nothing if only an event can change the state.
[[nodiscard]] std::optional<Instant> next_due(ExecutionState const& state) noexcept;

/// A fresh state, Pending, for an execution that was accepted at `now`; priority and start_after
/// are the caller's to set.
[[nodiscard]] ExecutionState accept(ExecutionId id,
                                    std::shared_ptr<detail::WorkflowData const> workflow,
                                    Context input, Instant now);

}  // namespace cloacina::engine
