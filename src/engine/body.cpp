#include "engine/body.hpp"

#include <cxxabi.h>

#include <string>
#include <utility>

#include <cloacina/detail/task_body.hpp>
#include <cloacina/error.hpp>

#include "core/context_limit.hpp"
#include "core/declared_writes.hpp"
#include "core/duration.hpp"
#include "core/foreign_exception.hpp"
#include "core/retry_rules.hpp"
#include "core/sabotage.hpp"

namespace cloacina::engine {
namespace {

FinishedTask answer_to(ReadyTask const& ready) {
  FinishedTask finished;
  finished.execution = ready.execution;
  finished.epoch = ready.epoch;
  finished.task = ready.task;
  finished.attempt = ready.attempt;
  return finished;
}

FinishedTask failure(ReadyTask const& ready, std::string text, bool retryable) {
  auto finished = answer_to(ready);
  finished.text = std::move(text);
  finished.retryable = retryable;
  return finished;
}

FinishedTask returned(ReadyTask const& ready, detail::TaskRun&& run, BodySettings const& settings) {
  // The body would do the same again: no retry helps.
  if (auto problem = detail::missing_write(ready.definition(), run.delta))
    return failure(ready, std::move(*problem), false);
  auto finished = answer_to(ready);
  if (!run.delta.empty()) finished.text = run.delta.to_json();
  if (finished.text.size() > settings.max_context_bytes) {
    return failure(ready,
                   too_large("what the task wrote to the context", run.delta.set,
                             finished.text.size(), settings.max_context_bytes),
                   false);
  }
  finished.delta = std::move(run.delta);
  finished.succeeded = true;
  return finished;
}

FinishedTask threw(ReadyTask const& ready, std::exception_ptr error) {
  auto info = describe_exception(error);
  auto const retryable = should_retry(ready.definition().retry, info);
  return failure(ready, std::move(info.text), retryable);
}

std::string timeout_text(ReadyTask const& ready, std::chrono::milliseconds limit) {
  return std::string{"timeout: the "} + (ready.is_poll() ? "poll" : "attempt") +
         " took longer than " + format_duration(limit);
}

}  // namespace

std::optional<std::chrono::milliseconds> time_limit(TaskDefinition const& task,
                                                    BodySettings const& settings) {
  auto const limit = task.timeout.value_or(settings.task_timeout);
  if (limit.count() == 0) return std::nullopt;
  return limit;
}

detail::TaskRun make_run(ReadyTask& ready, std::stop_token stop, std::optional<Instant> deadline,
                         detail::Sleeper& sleeper) {
  detail::TaskRun run;
  run.given = std::move(ready.given);
  run.missing = std::move(ready.missing);
  run.execution = ready.id;
  run.task = &ready.definition();
  run.attempt = ready.attempt;
  run.stop = std::move(stop);
  run.deadline = deadline;
  run.sleeper = &sleeper;
  return run;
}

FinishedTask came_to_end(ReadyTask const& ready, detail::TaskRun&& run, std::exception_ptr error,
                         BodySettings const& settings) {
  return error ? threw(ready, std::move(error)) : returned(ready, std::move(run), settings);
}

FinishedTask timed_out(ReadyTask const& ready, std::chrono::milliseconds limit) {
  auto text = timeout_text(ready, limit);
  auto const info = describe_exception(std::make_exception_ptr(TimeoutError{text}));
  return failure(ready, std::move(text), should_retry(ready.definition().retry, info));
}

FinishedTask timed_out_for_good(ReadyTask const& ready, std::chrono::milliseconds limit) {
  return failure(ready, timeout_text(ready, limit) + "; its retry condition does not return",
                 false);
}

// Whatever its retry policy says: that thread is lost, the next attempt would cost another.
FinishedTask ended_its_thread(ReadyTask const& ready) {
  return failure(
      ready, "the body ended its thread instead of returning (pthread_exit, or cancelled)", false);
}

FinishedTask dropped(ReadyTask const& ready) {
  auto finished = answer_to(ready);
  finished.not_started = true;
  return finished;
}

std::exception_ptr run_body(ReadyTask const& ready, detail::TaskRun& run) {
  try {
    ready.definition().body->run(run);
    return nullptr;
  } catch (abi::__forced_unwind const&) {
    throw;  // the thread is being cancelled: swallowing it would abort the process
  } catch (...) {
    // What the trial foreign_exceptions must notice: whatever is no std::exception gets away.
    static bool const only_standard = is_sabotaged("catch_standard_only");
    if (only_standard) try {
        throw;
      } catch (std::exception const&) {}
    return std::current_exception();
  }
}

void throw_stopped() { throw TaskError{"the task was asked to stop while it waited"}; }

}  // namespace cloacina::engine
