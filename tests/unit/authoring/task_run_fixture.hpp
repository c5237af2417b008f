#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>

#include <cloacina/detail/task_run.hpp>
#include <cloacina/error.hpp>
#include <cloacina/task_definition.hpp>

namespace cloacina::test {

/// Ends every wait at once and notes how long it was asked to be.
class InstantSleeper : public detail::Sleeper {
 public:
  asio::awaitable<void> sleep(std::chrono::nanoseconds duration, std::stop_token stop) override {
    block(duration, std::move(stop));
    co_return;
  }
  void block(std::chrono::nanoseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) throw TaskError("stop was requested");
    waits.push_back(duration);
  }

  std::vector<std::chrono::nanoseconds> waits;
};

/// One attempt of a task, as the engine prepares it.
struct Attempt {
  explicit Attempt(Context given = {}, TaskDefinition task = {}) : definition(std::move(task)) {
    run.given = std::move(given);
    run.task = &definition;
    run.sleeper = &sleeper;
  }
  Attempt(Attempt const&) = delete;
  Attempt& operator=(Attempt const&) = delete;

  TaskDefinition definition;
  InstantSleeper sleeper;
  detail::TaskRun run;
};

}  // namespace cloacina::test
