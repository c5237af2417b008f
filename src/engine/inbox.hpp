#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/messages.hpp"

namespace cloacina::engine {

/// Where everybody leaves messages for the engine.
///
/// Each producer of finished tasks has a lane of its own, so that pushing takes a lock that nobody
/// else holds; the engine is woken only if it sleeps. Thread-safe.
class Inbox {
 public:
  class Lane {
    friend class Inbox;
    std::mutex mutex_;
    std::vector<FinishedTask> finished_;
  };

  /// Lives as long as the inbox.
  [[nodiscard]] Lane& add_lane();
  void push(Lane& lane, FinishedTask&& finished);
  /// False, leaving the argument as it was, once the inbox is closed.
  bool push(Request&& request);
  bool push(std::vector<Request>&& requests);
  /// Nobody will read any more: takes no further request, and gives back those that were not read.
  [[nodiscard]] std::vector<Request> close();
  /// Ends the current or the next wait.
  void wake();

  /// Everything that has come, in the order of each producer; clears the vectors first.
  void drain(std::vector<FinishedTask>& finished, std::vector<Request>& requests);
  /// The engine's: sleeps until something comes or `until` is reached.
  void wait(std::chrono::steady_clock::time_point until);
  [[nodiscard]] bool has_messages() const noexcept { return pending_.load(); }

 private:
  void announce();

  std::mutex mutex_;  // guards lanes_, requests_, closed_ and the sleep
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Request> requests_;
  bool closed_ = false;
  std::atomic<bool> pending_{false};
  std::atomic<bool> sleeping_{false};
};

}  // namespace cloacina::engine
