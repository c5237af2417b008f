#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include <cloacina/environment.hpp>

#include "engine/user_call.hpp"

namespace cloacina::engine {

/// Something that happens once and that threads wait for, or want to be called about.
class Signal {
 public:
  /// Wakes everybody and runs the callbacks, on this thread; logs what they throw. Only the first
  /// call does anything.
  void set() {
    std::vector<std::function<void()>> callbacks;
    {
      std::lock_guard lock{mutex_};
      if (done_) return;
      done_ = true;
      callbacks.swap(callbacks_);
    }
    changed_.notify_all();
    // Each posts to an executor of the user's, which may refuse.
    for (auto& callback : callbacks) call_user(callback, "the executor of a completion handler");
  }

  [[nodiscard]] bool is_set() const {
    std::lock_guard lock{mutex_};
    return done_;
  }

  /// Blocks until it is set or `timeout` has passed (none: for ever); returns whether it is set.
  bool wait(Environment const& environment, std::optional<std::chrono::nanoseconds> timeout) {
    if (environment.conductor) {
      auto const give_up =
          timeout ? environment.monotonic() + *timeout : std::chrono::nanoseconds::max();
      return environment.conductor->run_until([this] { return is_set(); }, give_up);
    }
    std::unique_lock lock{mutex_};
    if (!timeout) {
      changed_.wait(lock, [this] { return done_; });
      return true;
    }
    return changed_.wait_for(lock, *timeout, [this] { return done_; });
  }

  /// Calls `callback` once it is set: now and here if it is, otherwise on the thread that sets it.
  void when_set(std::function<void()> callback) {
    {
      std::lock_guard lock{mutex_};
      if (!done_) {
        callbacks_.push_back(std::move(callback));
        return;
      }
    }
    callback();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> callbacks_;
  bool done_ = false;
};

}  // namespace cloacina::engine
