#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/body_services.hpp"
#include "engine/crew.hpp"

namespace cloacina::engine {

/// The synchronous bodies and callbacks of one runner, and the workers that are with them.
///
/// Ready tasks come in batches, one lock per batch; inside a batch each worker takes the next one
/// by an atomic counter, so a slow body never holds up those behind it. A body that ignores its
/// timeout keeps its thread, which the crew replaces. Thread-safe.
class WorkerPool {
 public:
  using Clock = std::chrono::steady_clock;

  /// At most so many threads of the crew are here at the same time.
  WorkerPool(std::shared_ptr<Crew> crew, std::size_t most_threads, BodyServices services);
  ~WorkerPool();
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  void start(std::vector<ReadyTask>&& ready);
  /// A poll: on a thread of its own, whatever else runs.
  void start_beside(ReadyTask&& ready);
  void call(std::function<void()> callback);
  void stop_execution(ExecutionId id);
  void stop_all();
  /// No body starts any more; what is handed over comes back as not started. Those that run are
  /// asked to stop.
  void close();
  /// For at-most-once bodies whose runner may have been declared dead (R6).
  void stop_at_most_once();
  [[nodiscard]] std::vector<ReadyTask> take_back();
  /// The lease was renewed: what waits for it may start.
  void lease_moved();

  /// One more thread works in the pool of the calling thread until the returned object dies: for a
  /// body that waits for something that needs a worker. Null on a thread of no pool.
  [[nodiscard]] static std::shared_ptr<void> lend_slot_of_this_thread();
  /// How many slots are lent now.
  [[nodiscard]] std::size_t lent() const noexcept;

  /// Ends what is over its time at `now`; returns when to look again, if anything with a limit
  /// runs.
  [[nodiscard]] std::optional<Clock::time_point> expire(Clock::time_point now);

  /// No body starts any more; waits for those that end by `deadline`.
  void shut_down(Clock::time_point deadline);
  /// Has the crew replace the threads of those that did not, because it goes on without this pool.
  void leave_behind();

 private:
  struct Shared;
  struct Worker;
  struct Guest;
  void give_up(Worker& worker, Clock::time_point now, std::vector<std::string>& said);
  static thread_local Shared* of_this_thread_;

  std::shared_ptr<Shared> shared_;
};

}  // namespace cloacina::engine
