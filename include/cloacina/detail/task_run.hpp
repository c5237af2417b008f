#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>

#include <cloacina/detail/context_delta.hpp>
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

/// One attempt of one task, as its body sees it through `TaskContext`. Used by one thread at a time.
struct TaskRun {
  ExecutionId execution{};
  TaskDefinition const* task = nullptr;  ///< pinned by the engine while the body runs
  std::uint32_t attempt = 1;
  Context given;       ///< the merged context of the dependencies
  ContextDelta delta;  ///< what the body changed so far
  std::stop_token stop;
  std::optional<Instant> deadline;
  Sleeper* sleeper = nullptr;
  /// Keys that the task reads and that nobody wrote, each with the reason ("its writer 'a' was Skipped").
  std::vector<std::pair<std::string, std::string>> missing;
  /// Decoded values handed out by reference, newest last; they live until the body returns.
  std::vector<std::pair<std::string_view, std::shared_ptr<void const>>> decoded;
};

}  // namespace detail
}  // namespace cloacina
