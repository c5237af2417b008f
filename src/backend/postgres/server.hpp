#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "backend/database.hpp"
#include "backend/lending_pool.hpp"
#include "backend/postgres/connection.hpp"
#include "backend/postgres/listener.hpp"
#include "backend/postgres/settings.hpp"
#include "backend/postgres/watchdog.hpp"

namespace cloacina::backend::postgres {

/// New connections, for a writer to a server that was checked. Throw `SessionError`.
[[nodiscard]] std::unique_ptr<Connection> connect_to_write(
    std::shared_ptr<Settings const> const& settings, std::shared_ptr<Watchdog> watchdog,
    std::chrono::milliseconds longest_call);
[[nodiscard]] std::unique_ptr<Connection> connect_to_read(std::shared_ptr<Settings const> settings,
                                                          std::shared_ptr<Watchdog> watchdog);

using ConnectionPool = LendingPool<Connection>;

/// One server, and what the databases on it, a schema each, have in common: who watches over calls,
/// who listens, and connections that they take turns with. Thread-safe.
class Server final : public SharedServer {
 public:
  /// Connects to nothing yet.
  Server(DatabaseUrl const& url, OpenOptions const& options);

  /// Whether a database with these settings may use it: all but the schema are the same.
  [[nodiscard]] bool serves(Settings const& settings) const noexcept;
  [[nodiscard]] std::shared_ptr<Watchdog> const& watchdog() const noexcept { return watchdog_; }
  /// Null: there is no LISTEN.
  [[nodiscard]] Listener* listener() const noexcept { return listener_.get(); }
  /// For one transaction, best one that has met the schema before. Blocks while all are in use.
  /// Throws `SessionError`.
  [[nodiscard]] ConnectionPool::Lent writer(std::string_view schema);
  [[nodiscard]] ConnectionPool::Lent reader(std::string_view schema);

 private:
  std::shared_ptr<Settings const> settings_;
  std::shared_ptr<Watchdog> watchdog_ = std::make_shared<Watchdog>();
  std::shared_ptr<ConnectionPool> writers_;
  std::shared_ptr<ConnectionPool> readers_;
  std::unique_ptr<Listener> listener_;  // null: there is no LISTEN
};

}  // namespace cloacina::backend::postgres
