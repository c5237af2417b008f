#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

#include "engine/messages.hpp"

namespace cloacina::engine {

/// Where bodies run. The engine hands over what may start and gets exactly one `FinishedTask` back
/// for each, in its inbox. Every function may be called from any thread and returns at once.
class Bodies {
 public:
  virtual ~Bodies() = default;
  virtual void start(std::vector<ReadyTask>&& ready) = 0;
  /// The same beside the limits of how many run: for a poll, which waits for no task.
  virtual void start_beside(ReadyTask&& ready) = 0;
  /// Runs a callback on a worker.
  virtual void call(std::function<void()> callback) = 0;
  /// Requests stop of the bodies of one execution that run now; its `StopFlag` keeps others from
  /// starting.
  virtual void stop_execution(ExecutionId id) = 0;
  /// Requests stop of everything that runs.
  virtual void stop_all() = 0;
  /// The same, and no body starts any more: what is handed over comes back as not started.
  virtual void close() = 0;
  /// Gives back what has not started yet; nothing that was handed over before starts any more.
  [[nodiscard]] virtual std::vector<ReadyTask> take_back() = 0;
  /// Bodies under way that hold no worker: coroutines, and those that wait for an execution.
  [[nodiscard]] virtual std::size_t without_worker() const = 0;
  /// No body starts after this point of the monotonic clock until it is moved (R6).
  virtual void set_lease_end(std::chrono::nanoseconds monotonic) = 0;
};

}  // namespace cloacina::engine
