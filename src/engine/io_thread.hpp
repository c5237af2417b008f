#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <thread>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "engine/body.hpp"
#include "engine/inbox.hpp"

namespace cloacina::engine {

/// The one thread that runs coroutine bodies and watches time limits. A suspended body costs
/// memory, not a thread. Thread-safe, but for `shut_down`, after which nothing may be called any
/// more.
class IoThread {
 public:
  using Clock = std::chrono::steady_clock;
  /// Ends what is over its time; returns when to look again.
  using Expire = std::function<std::optional<Clock::time_point>(Clock::time_point now)>;

  IoThread(std::size_t most_bodies, BodySettings settings, Environment const& environment,
           std::shared_ptr<Inbox> inbox, std::shared_ptr<detail::Sleeper> sleeper,
           Expire expire_others);
  ~IoThread();
  IoThread(IoThread const&) = delete;
  IoThread& operator=(IoThread const&) = delete;

  void start(std::vector<ReadyTask>&& ready);
  void stop_execution(ExecutionId id);
  void stop_all();
  void stop_at_most_once();
  /// What has not started yet. Blocks for as long as a coroutine body computes without suspending,
  /// at most a second.
  [[nodiscard]] std::vector<ReadyTask> take_back();
  /// Looks at time limits no later than `deadline`. Cheap if it looks earlier anyway.
  void watch(Clock::time_point deadline);
  /// Joins by `deadline`, or leaves the thread behind. Suspended bodies are destroyed.
  void shut_down(Clock::time_point deadline);

 private:
  struct Running;
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

/// Waits of bodies in real time.
class RealSleeper final : public detail::Sleeper {
 public:
  asio::awaitable<void> sleep(std::chrono::nanoseconds duration, std::stop_token stop) override;
  void block(std::chrono::nanoseconds duration, std::stop_token stop) override;
};

}  // namespace cloacina::engine
