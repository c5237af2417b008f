#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace cloacina::engine {

/// The thread that sees to time limits, whatever the threads that run bodies are doing. It runs no
/// code of users but a log sink, so that nothing else of theirs can hold it up. Thread-safe, but
/// for `shut_down`.
class Watcher {
 public:
  using Clock = std::chrono::steady_clock;
  /// Ends what is over its time; returns when to look again, if anything has a limit.
  using Look = std::function<std::optional<Clock::time_point>(Clock::time_point now)>;

  Watcher() = default;
  ~Watcher() { shut_down(); }
  Watcher(Watcher const&) = delete;
  Watcher& operator=(Watcher const&) = delete;

  /// Before anything is watched; the thread starts with that. `owner`: see `ThreadRole`.
  void start(Look look, void const* owner);
  /// Looks no later than `deadline`. Cheap if it looks earlier anyway.
  void watch(Clock::time_point deadline);
  /// Starts the thread if the system has refused it when it was wanted. Cheap if it has not.
  void start_missing();
  /// Looks no more, and joins.
  void shut_down();

 private:
  void look_until_stopped();
  /// With the lock.
  void start_thread();

  std::atomic<std::int64_t> next_{INT64_MAX};  // when it looks, on Clock; written under the mutex
  std::atomic<bool> missing_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  Look look_;
  void const* owner_ = nullptr;
  std::thread thread_;
};

}  // namespace cloacina::engine
