#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "backend/postgres/settings.hpp"
#include "backend/postgres/watchdog.hpp"

namespace cloacina::backend::postgres {

/// The thread that tells others of what was committed, and hears of what they did (R13).
///
/// Notices travel over a connection of their own, in transactions that write nothing: NOTIFY in the
/// transaction that it tells of would make all commits of a server wait for one another. What one
/// connection says many times before it is sent is sent once, and it does not hear itself.
///
/// Thread-safe.
class Listener {
 public:
  /// Both live longer than this.
  Listener(Settings const& settings, Watchdog& watchdog);
  ~Listener();
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;

  /// See `Database::on_change`.
  void on_change(std::function<void()> heard);
  /// See `Database::announce`.
  void announce() noexcept;

 private:
  void work();
  /// Until the connection is lost, or this ends.
  void listen();
  void wait(int socket, std::chrono::milliseconds longest) noexcept;
  void heard();
  void ring() noexcept;

  Settings const& settings_;
  Watchdog& watchdog_;
  std::string channel_;
  std::mutex mutex_;
  std::function<void()> on_heard_;
  int bell_;  // an eventfd
  std::atomic<bool> announced_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace cloacina::backend::postgres
