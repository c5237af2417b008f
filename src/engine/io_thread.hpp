#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "engine/body_services.hpp"

namespace cloacina::engine {

/// The one thread that runs coroutine bodies, started with the first of them. A suspended body
/// costs memory, not a thread.
/// Thread-safe, but for `shut_down`, after which nothing is started any more.
class IoThread {
 public:
  using Clock = std::chrono::steady_clock;

  IoThread(std::size_t most_bodies, BodyServices services);
  ~IoThread();
  IoThread(IoThread const&) = delete;
  IoThread& operator=(IoThread const&) = delete;

  void start(std::vector<ReadyTask>&& ready);
  /// However many there are.
  void start_beside(ReadyTask&& ready);
  void stop_execution(ExecutionId id);
  void stop_all();
  /// No body starts any more; what waits comes back as not started. Those that run are asked to
  /// stop.
  void close();
  /// For at-most-once bodies whose runner may have been declared dead (R6).
  void stop_at_most_once();
  /// What has not started yet.
  [[nodiscard]] std::vector<ReadyTask> take_back();
  /// Bodies that have begun and not ended, but for polls.
  [[nodiscard]] std::size_t running() const;
  /// The lease was renewed: what waits for it may start.
  void lease_moved();
  /// Ends what is over its time at `now`, also while a body blocks the thread; returns when to look
  /// again, if anything with a limit runs.
  [[nodiscard]] std::optional<Clock::time_point> expire(Clock::time_point now);
  /// Joins by `deadline`, or leaves the thread behind. Suspended bodies are destroyed.
  void shut_down(Clock::time_point deadline);

 private:
  struct Running;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

/// Waits of bodies in real time.
class RealSleeper final : public detail::Sleeper {
 public:
  asio::awaitable<void> sleep(std::chrono::nanoseconds duration, std::stop_token stop) override;
  void block(std::chrono::nanoseconds duration, std::stop_token stop) override;
};

}  // namespace cloacina::engine
