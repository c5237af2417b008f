#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "engine/watcher.hpp"

namespace cloacina::engine {

/// The thread for code of users that is neither body nor callback: what they registered at a stop
/// token, and retry conditions of attempts that ran out of time. No thread of the library waits for
/// it, and no lock is held. An errand that does not return keeps its thread, and the others go on
/// with another. Thread-safe.
class Errands {
 public:
  using Clock = Watcher::Clock;

  /// `owner`: see `ThreadRole`.
  Errands(std::shared_ptr<void const> owner, std::shared_ptr<Watcher> watcher);
  ~Errands();
  Errands(Errands const&) = delete;
  Errands& operator=(Errands const&) = delete;

  /// In the order of posting. `given_up`, which is ours, is called if the errand does not return.
  /// Dropped after `shut_down`.
  void post(std::function<void()> errand, std::function<void()> given_up = {});
  /// Replaces a thread that does not come back; returns when to look again.
  [[nodiscard]] std::optional<Clock::time_point> expire(Clock::time_point now);
  /// Runs what was posted, and leaves the thread behind if that takes longer than to `deadline`.
  void shut_down(Clock::time_point deadline);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace cloacina::engine
