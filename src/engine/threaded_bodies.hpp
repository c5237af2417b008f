#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "engine/bodies.hpp"
#include "engine/io_thread.hpp"
#include "engine/worker_pool.hpp"

namespace cloacina::engine {

/// Bodies on threads: synchronous ones on the workers, coroutines on the io thread.
class ThreadedBodies final : public Bodies {
 public:
  using Clock = std::chrono::steady_clock;

  ThreadedBodies(std::size_t workers, std::size_t coroutines, BodySettings settings,
                 Environment const& environment, std::shared_ptr<Inbox> inbox);

  void start(std::vector<ReadyTask>&& ready) override;
  void call(std::function<void()> callback) override;
  void stop_execution(ExecutionId id) override;
  void stop_all() override;
  [[nodiscard]] std::vector<ReadyTask> take_back() override;
  void set_lease_end(std::chrono::nanoseconds monotonic) override;
  /// While a synchronous body waits for something that needs a worker, another thread works in its
  /// place.
  [[nodiscard]] std::shared_ptr<void> lend_slot();
  /// Leaves behind what does not end by `deadline`.
  void shut_down(Clock::time_point deadline);

 private:
  // Threads that are left behind may outlive this object: they reach the others only through these.
  std::shared_ptr<WorkerPool> workers_;
  std::shared_ptr<IoThread> io_;
  std::shared_ptr<std::atomic<std::int64_t>> lease_end_ =
      std::make_shared<std::atomic<std::int64_t>>(INT64_MAX);
};

}  // namespace cloacina::engine
