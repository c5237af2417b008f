#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/body_services.hpp"

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

  WorkerPool(std::size_t threads, BodyServices services);
  ~WorkerPool();
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  void start(std::vector<ReadyTask>&& ready);
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

  /// No body starts any more; joins the threads that end by `deadline` and leaves the others
  /// behind.
  void shut_down(Clock::time_point deadline);

 private:
  struct Shared;
  struct Worker;
  static void work(std::shared_ptr<Shared> const& shared, std::shared_ptr<Worker> const& self);
  static void add_worker(std::shared_ptr<Shared> const& shared);
  [[nodiscard]] bool give_up(Worker& worker, Clock::time_point now, std::vector<std::string>& said);
  static thread_local std::weak_ptr<Shared> of_this_thread_;

  std::shared_ptr<Shared> shared_;
};

}  // namespace cloacina::engine
