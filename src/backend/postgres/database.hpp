#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend/database.hpp"
#include "backend/lending_pool.hpp"
#include "backend/postgres/listener.hpp"
#include "backend/postgres/server.hpp"
#include "backend/postgres/settings.hpp"
#include "backend/postgres/watchdog.hpp"

namespace cloacina::backend::postgres {

/// One schema of a PostgreSQL database, opened and migrated. On a `Server` that it shares with
/// others its sessions borrow a connection for each transaction; otherwise each has one of its own.
class PostgresDatabase final : public Database {
 public:
  /// See `Database::open`.
  PostgresDatabase(DatabaseUrl const& url, OpenOptions options);

  [[nodiscard]] std::unique_ptr<Session> open_writer() override;
  [[nodiscard]] Reader reader() override { return readers_->take(); }
  [[nodiscard]] std::chrono::microseconds lease_now() override {
    return options_.lease_clock ? options_.lease_clock() : std::chrono::microseconds{0};
  }
  [[nodiscard]] std::string boot_id() override { return {}; }
  std::uint64_t checkpoint(bool) override { return 0; }
  [[nodiscard]] std::uint64_t log_bytes() const noexcept override { return 0; }
  [[nodiscard]] std::chrono::milliseconds change_interval() const noexcept override {
    return std::chrono::milliseconds{0};
  }
  void on_change(std::function<void()> heard) override;
  void announce() noexcept override;
  [[nodiscard]] bool is_remote() const noexcept override { return true; }
  [[nodiscard]] int schema_version() const noexcept override;
  [[nodiscard]] std::string const& display_name() const noexcept override {
    return settings_->url.display();
  }
  [[nodiscard]] std::size_t steps_found() const noexcept override { return steps_found_; }
  [[nodiscard]] std::string_view backend_name() const noexcept override { return "postgres"; }

 private:
  OpenOptions options_;
  // Shared with sessions, which may outlive this.
  std::shared_ptr<Settings const> settings_;
  std::shared_ptr<Server> server_;  // null: nothing is shared with other databases
  std::shared_ptr<Watchdog> watchdog_;
  std::size_t steps_found_;
  std::shared_ptr<ReaderPool> readers_;
  std::unique_ptr<Listener> own_listener_;
  std::optional<Listener::Channel> channel_;  // none: there is no LISTEN
};

}  // namespace cloacina::backend::postgres
