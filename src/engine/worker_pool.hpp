#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "engine/body.hpp"
#include "engine/inbox.hpp"

namespace cloacina::engine {

/// The threads that run synchronous bodies and callbacks.
///
/// Ready tasks come in batches, one lock per batch; inside a batch each worker takes the next one
/// by an atomic counter, so a slow body never holds up those behind it. A body that ignores its
/// timeout keeps its thread, which is left behind and replaced, at most as often as there are
/// workers. Thread-safe.
class WorkerPool {
 public:
  using Clock = std::chrono::steady_clock;

  WorkerPool(std::size_t threads, BodySettings settings, Environment const& environment,
             std::shared_ptr<Inbox> inbox, std::shared_ptr<detail::Sleeper> sleeper);
  ~WorkerPool();
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  void start(std::vector<ReadyTask>&& ready);
  void call(std::function<void()> callback);
  void stop_execution(ExecutionId id);
  void stop_all();
  /// For at-most-once bodies whose runner may have been declared dead (R6).
  void stop_at_most_once();
  [[nodiscard]] std::vector<ReadyTask> take_back();
  void set_lease_end(std::chrono::nanoseconds monotonic);

  /// One more thread works until the returned object dies: for a body that waits for something that
  /// needs a worker.
  [[nodiscard]] std::shared_ptr<void> lend_slot();

  /// Ends what is over its time at `now`; returns when to look again, if anything with a limit
  /// runs.
  [[nodiscard]] std::optional<Clock::time_point> expire(Clock::time_point now);
  /// `watch(deadline)` is called by a worker when a body starts whose deadline may be earlier than
  /// all others.
  void on_deadline(std::function<void(Clock::time_point)> watch);

  /// No body starts any more; joins the threads that end by `deadline` and leaves the others
  /// behind.
  void shut_down(Clock::time_point deadline);

 private:
  struct Shared;
  struct Worker;
  static void work(std::shared_ptr<Shared> shared, std::shared_ptr<Worker> self);
  static void add_worker(std::shared_ptr<Shared> const& shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace cloacina::engine
