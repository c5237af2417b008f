#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "backend/postgres/settings.hpp"
#include "backend/postgres/watchdog.hpp"

namespace cloacina::backend::postgres {

/// The thread that tells others of what was committed, and hears of what they did (R13), for each
/// schema that has a channel.
///
/// Notices travel over a connection of their own, in transactions that write nothing: NOTIFY in the
/// transaction that it tells of would make all commits of a server wait for one another. What one
/// connection says many times before it is sent is sent once, and it does not hear itself: neither
/// do two channels of one schema each other.
///
/// Thread-safe.
class Listener {
 public:
  Listener(std::shared_ptr<Settings const> settings, std::shared_ptr<Watchdog> watchdog);
  /// Waits a moment for a farewell; a server that does not answer is left to the thread, which ends
  /// with its call.
  ~Listener();
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;

  /// One schema's. Must not outlive the listener.
  class Channel {
   public:
    Channel(Listener& listener, std::string_view schema);
    ~Channel();
    Channel(Channel const&) = delete;
    Channel& operator=(Channel const&) = delete;

    /// See `Database::on_change`.
    void on_change(std::function<void()> heard);
    /// See `Database::announce`.
    void announce() noexcept;

   private:
    friend class Listener;
    struct State;
    Listener& listener_;
    std::shared_ptr<State> state_;
  };

 private:
  class Conversation;
  std::shared_ptr<Conversation> conversation_;  // the thread's as well
  std::thread thread_;
};

}  // namespace cloacina::backend::postgres
