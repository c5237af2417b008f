#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <cloacina/detail/context_delta.hpp>
#include <cloacina/trigger_definition.hpp>
#include <cloacina/workflow.hpp>

#include "engine/completion.hpp"

namespace cloacina::engine {

/// Names an execution in the owner's memory without a look-up; stale once the slot was given to
/// another.
struct SlotRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  friend bool operator==(SlotRef const&, SlotRef const&) = default;
};

/// A poll of a trigger is no part of an execution: this is its generation, which no slot reaches,
/// `slot` the trigger's number, `attempt` the poll's.
inline constexpr std::uint32_t poll_generation = UINT32_MAX;

/// Shared by an execution and its bodies: once set, none of them starts any more.
using StopFlag = std::shared_ptr<std::atomic<bool>>;

/// A body that may start: the engine's message to the workers.
struct ReadyTask {
  SlotRef execution{};
  std::uint32_t epoch = 0;  ///< under which runner id it began (R1)
  TaskIndex task = 0;
  std::uint32_t attempt = 1;
  ExecutionId id{};
  std::shared_ptr<detail::WorkflowData const> workflow;  ///< keeps definition and body alive
  Context given;
  std::vector<std::pair<std::string, std::string>> missing;
  StopFlag stopped;
  [[nodiscard]] bool is_poll() const noexcept { return execution.generation == poll_generation; }
  /// "task 'x' of execution …", "trigger 'x'": for people.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] TaskDefinition const& definition() const noexcept { return workflow->tasks[task]; }
  /// Which attempt it is, without what its body is given.
  [[nodiscard]] ReadyTask identity() const {
    return {.execution = execution,
            .epoch = epoch,
            .task = task,
            .attempt = attempt,
            .id = id,
            .workflow = workflow,
            .given = {},
            .missing = {},
            .stopped = stopped};
  }
};

/// What became of it: the workers' message to the engine.
struct FinishedTask {
  SlotRef execution{};
  std::uint32_t epoch = 0;
  TaskIndex task = 0;
  std::uint32_t attempt = 1;
  bool not_started = false;  ///< its execution was stopped, or the runner ends
  bool succeeded = false;
  bool retryable = false;
  detail::ContextDelta delta;
  std::string text;  ///< the delta as JSON, or the error
};

/// A callback has returned; the execution may be waiting for it to answer.
struct CallbackReturned {
  SlotRef execution{};
  std::uint32_t epoch = 0;
};

struct Submission {
  ExecutionId id{};
  std::shared_ptr<detail::WorkflowData const> workflow;
  Context input;
  std::string input_text;
  std::string idempotency_key;
  std::int16_t priority = 0;
  std::chrono::milliseconds start_after{0};
  std::shared_ptr<Completion> completion;  ///< null: nobody waits
  std::shared_ptr<Acceptance> acceptance;
};

/// Why a request cannot be answered here: the execution is not in this runner's memory.
struct Elsewhere {};

/// Answers `accepted` once it is Cancelled, refuses with `StateError` or `Elsewhere`.
struct CancelRequest {
  ExecutionId id{};
  std::string reason;
  std::shared_ptr<Acceptance> answer;
};

/// One more workflow that this runner can run.
struct LearnRequest {
  Workflow workflow;
};

/// One more trigger that this runner can poll.
struct PollRequest {
  std::shared_ptr<TriggerDefinition const> trigger;
};

/// Tell this completion when the execution ends, wherever it runs.
struct WatchRequest {
  std::shared_ptr<Completion> completion;
};

/// Accept no more; stop once nothing runs, or when told to release.
struct DrainRequest {};
/// Sent before bodies are asked to stop because the runner ends: what they fail with then is no
/// attempt.
struct StopRequest {};
struct ReleaseRequest {};

using Request = std::variant<Submission, CancelRequest, LearnRequest, PollRequest, WatchRequest,
                             CallbackReturned, DrainRequest, StopRequest, ReleaseRequest>;

/// Tells whoever waits for an answer to this request that there will be none.
void decline(Request&& request, std::exception_ptr const& error);

}  // namespace cloacina::engine
