#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include <asio/awaitable.hpp>

#include <cloacina/detail/task_values.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/time.hpp>

namespace cloacina {
struct TaskDefinition;

namespace detail {

/// How a body waits; a simulation waits on its own clock.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  /// Ends after `duration`, or throws `TaskError` as soon as `stop` is requested.
  virtual asio::awaitable<void> sleep(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
  virtual void block(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

/// One attempt of one task, as its body sees it through `TaskContext`. Used by one thread at a
/// time.
struct TaskRun : TaskValues {
  ExecutionId execution{};
  TaskDefinition const* task = nullptr;  ///< pinned by the engine while the body runs
  std::uint32_t attempt = 1;
  std::stop_token stop;
  std::optional<Instant> deadline;
  Sleeper* sleeper = nullptr;
};

}  // namespace detail
}  // namespace cloacina
