#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/bodies.hpp"
#include "engine/body_services.hpp"
#include "engine/io_thread.hpp"
#include "engine/worker_pool.hpp"

namespace cloacina::engine {

/// Bodies on threads: synchronous ones on the workers, coroutines on the io thread, and a thread
/// that watches over both.
class ThreadedBodies final : public Bodies {
 public:
  using Clock = std::chrono::steady_clock;

  /// `crew`: threads that are shared with others; null: `workers` threads of its own.
  ThreadedBodies(std::shared_ptr<Crew> crew, std::size_t workers, std::size_t coroutines,
                 BodySettings settings, Environment const& environment,
                 std::shared_ptr<Inbox> inbox);
  ~ThreadedBodies() override;
  ThreadedBodies(ThreadedBodies const&) = delete;
  ThreadedBodies& operator=(ThreadedBodies const&) = delete;

  void start(std::vector<ReadyTask>&& ready) override;
  void start_beside(ReadyTask&& ready) override;
  void call(std::function<void()> callback) override;
  void stop_execution(ExecutionId id) override;
  void stop_all() override;
  void close() override;
  [[nodiscard]] std::vector<ReadyTask> take_back() override;
  [[nodiscard]] std::size_t without_worker() const override {
    return io_->running() + workers_->lent();
  }
  void set_lease_end(std::chrono::nanoseconds monotonic) override;
  /// Leaves behind what does not end by `deadline`.
  void shut_down(Clock::time_point deadline);

 private:
  [[nodiscard]] std::optional<Clock::time_point> look(Clock::time_point now);
  [[nodiscard]] std::optional<Clock::time_point> look_at_lease(Clock::time_point now);

  BodyServices services_;
  std::shared_ptr<Crew> own_crew_;  // null: it is shared
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<IoThread> io_;
  std::int64_t lease_over_{0};  // the end after which at-most-once bodies were asked to stop
  std::atomic<bool> lease_matters_{false};  // there was an at-most-once body
};

}  // namespace cloacina::engine
