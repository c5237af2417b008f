#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <stop_token>

#include <cloacina/detail/task_run.hpp>
#include <cloacina/environment.hpp>

#include "engine/messages.hpp"

namespace cloacina::engine {

/// What all bodies of a runner have in common.
struct BodySettings {
  std::chrono::milliseconds task_timeout{
      300'000};  ///< of tasks that do not name their own; 0: none
  std::size_t max_context_bytes = 16u << 20;
};

/// The limit of one attempt; nothing: none.
[[nodiscard]] std::optional<std::chrono::milliseconds> time_limit(TaskDefinition const& task,
                                                                  BodySettings const& settings);

/// What the body of `ready` gets to see.
[[nodiscard]] detail::TaskRun make_run(ReadyTask& ready, std::stop_token stop,
                                       std::optional<Instant> deadline, detail::Sleeper& sleeper);

/// The message for a body that came to its end in time: what it threw, whatever it is; or a
/// success, if it kept what it declared.
[[nodiscard]] FinishedTask came_to_end(ReadyTask const& ready, detail::TaskRun&& run,
                                       std::exception_ptr error, BodySettings const& settings);
/// The message for one that did not return in time; asks its retry condition.
[[nodiscard]] FinishedTask timed_out(ReadyTask const& ready, std::chrono::milliseconds limit);
/// The same without asking: the condition does not answer.
[[nodiscard]] FinishedTask timed_out_for_good(ReadyTask const& ready,
                                              std::chrono::milliseconds limit);
/// The message for one that ended the thread that it ran on (`pthread_exit`, `pthread_cancel`).
[[nodiscard]] FinishedTask ended_its_thread(ReadyTask const& ready);
/// The message for one that was never started.
[[nodiscard]] FinishedTask dropped(ReadyTask const& ready);

/// Runs a synchronous body to its end on this thread; returns what it threw.
[[nodiscard]] std::exception_ptr run_body(ReadyTask const& ready, detail::TaskRun& run);

/// What a wait of a body throws once it was asked to stop.
[[noreturn]] void throw_stopped();

}  // namespace cloacina::engine
