#include "backend/postgres/watchdog.hpp"

#include <sys/socket.h>

#include "core/sabotage.hpp"

namespace cloacina::backend::postgres {

Watchdog::~Watchdog() {
  {
    std::lock_guard lock{mutex_};
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Watchdog::Watch::Watch(Watchdog& watchdog, int socket, std::chrono::milliseconds longest)
    : watchdog_(watchdog), entry_(Clock::now() + longest, socket) {
  bool earlier = false;
  {
    std::lock_guard lock{watchdog_.mutex_};
    watchdog_.watched_.insert(entry_);
    if (!watchdog_.thread_.joinable())
      watchdog_.thread_ = std::thread{[dog = &watchdog_] { dog->look_until_stopped(); }};
    earlier = entry_.first < watchdog_.next_;
  }
  if (earlier) watchdog_.changed_.notify_one();
}

Watchdog::Watch::~Watch() {
  std::lock_guard lock{watchdog_.mutex_};
  watchdog_.watched_.erase(entry_);
}

void Watchdog::look_until_stopped() {
  static bool const asleep = is_sabotaged("no_client_deadline");  // for the trial half_open
  std::unique_lock lock{mutex_};
  while (!stop_) {
    auto const now = Clock::now();
    // Under the lock: the call cannot end, and so its socket cannot become another one's.
    for (auto const& [deadline, socket] : watched_) {
      if (deadline > now) break;
      if (!asleep) ::shutdown(socket, SHUT_RDWR);
    }
    std::erase_if(watched_, [now](auto const& entry) { return entry.first <= now; });
    if (watched_.empty()) {
      next_ = Clock::time_point::max();
      changed_.wait(lock, [this] { return stop_ || !watched_.empty(); });
    } else {
      next_ = watched_.begin()->first;
      changed_.wait_until(lock, next_);
    }
  }
}

}  // namespace cloacina::backend::postgres
