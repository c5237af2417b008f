#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "backend/database.hpp"
#include "backend/lending_pool.hpp"
#include "backend/sqlite/connection.hpp"
#include "backend/sqlite/open_file.hpp"

namespace cloacina::backend::sqlite {

/// One SQLite file, or one in-memory database, opened and migrated.
class SqliteDatabase final : public Database {
 public:
  /// See `Database::open`.
  SqliteDatabase(DatabaseUrl const& url, OpenOptions options);

  [[nodiscard]] std::unique_ptr<Session> open_writer() override;
  [[nodiscard]] Reader reader() override;
  [[nodiscard]] std::chrono::microseconds lease_now() override;
  [[nodiscard]] std::string boot_id() override;
  std::uint64_t checkpoint(bool force) override;
  [[nodiscard]] std::uint64_t log_bytes() const noexcept override;
  [[nodiscard]] std::chrono::milliseconds change_interval() const noexcept override {
    // Half of it is what a submission by another process waits.
    return std::chrono::milliseconds{in_memory() ? 0 : 40};
  }
  void on_change(std::function<void()>) override {}
  void announce() noexcept override {}
  [[nodiscard]] bool is_remote() const noexcept override { return false; }
  [[nodiscard]] int schema_version() const noexcept override;
  [[nodiscard]] std::string const& display_name() const noexcept override {
    return settings_.display_name;
  }
  [[nodiscard]] std::size_t steps_found() const noexcept override { return steps_found_; }
  [[nodiscard]] std::string_view backend_name() const noexcept override { return "sqlite"; }

 private:
  [[nodiscard]] bool in_memory() const noexcept { return shared_ != nullptr; }

  OpenOptions options_;
  ConnectionSettings settings_;
  std::string boot_id_;
  std::size_t steps_found_ = 0;
  std::optional<OpenFile> file_;        // unless it is in memory; before all connections
  std::shared_ptr<Connection> shared_;  // the one connection of an in-memory database
  std::shared_ptr<ReaderPool> readers_;
  std::mutex checkpoint_mutex_;
  std::unique_ptr<Connection> checkpointer_;  // made at the first checkpoint
};

}  // namespace cloacina::backend::sqlite
