#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace cloacina::backend::postgres {

/// Ends calls that a server does not answer: shuts the socket, so that the call fails. A server
/// that is gone, or a proxy that takes everything and says nothing, would hold a thread for ever.
///
/// Thread-safe. Its own thread wakes up about once for each time limit, not for each call.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  Watchdog() = default;
  ~Watchdog();
  Watchdog(Watchdog const&) = delete;
  Watchdog& operator=(Watchdog const&) = delete;

  /// A call on a socket, from its construction to its end.
  class Watch {
   public:
    Watch(Watchdog& watchdog, int socket, std::chrono::milliseconds longest);
    ~Watch();
    Watch(Watch const&) = delete;
    Watch& operator=(Watch const&) = delete;

   private:
    Watchdog& watchdog_;
    std::pair<Clock::time_point, int> entry_;
  };

 private:
  void look_until_stopped();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::pair<Clock::time_point, int>> watched_;
  Clock::time_point next_ = Clock::time_point::max();  // when the thread looks again
  bool stop_ = false;
  std::thread thread_;  // started by the first call
};

}  // namespace cloacina::backend::postgres
