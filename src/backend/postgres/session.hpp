#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "backend/postgres/connection.hpp"
#include "backend/session.hpp"

namespace cloacina::backend::postgres {

/// A session over a connection of its own.
class PostgresSession final : public Session {
 public:
  using Fault = std::function<void(std::string_view)>;
  enum class Access : unsigned char { read_only, read_write };

  PostgresSession(std::unique_ptr<Connection> connection, std::shared_ptr<Settings const> settings,
                  Access access, Fault fault, std::shared_ptr<Watchdog> watchdog)
      : settings_(std::move(settings)),
        watchdog_(std::move(watchdog)),
        connection_(std::move(connection)),
        fault_(std::move(fault)),
        access_(access) {}
  ~PostgresSession() override { rollback(); }

  void begin() override;
  void commit() override;
  void rollback() noexcept override;
  [[nodiscard]] Rows query(Statement const& statement, std::span<Value const> parameters) override;
  std::vector<std::size_t> apply(Statement const& statement,
                                 std::span<Column const> columns) override;
  std::size_t execute(Statement const& statement, std::span<Value const> parameters) override;
  [[nodiscard]] Rows write_alone(Statement const& statement,
                                 std::span<Value const> parameters) override;
  /// `Database::on_change` tells.
  [[nodiscard]] bool changed() override { return false; }
  [[nodiscard]] bool broken() const noexcept override { return broken_; }

 private:
  void reach(std::string_view point) const {
    if (fault_) fault_(point);
  }
  void expect_writer(std::string_view doing) const;
  /// Runs `work(connection)`; `lost`: what it means that the connection is lost meanwhile.
  template <class Work>
  auto run(std::string_view doing, Failure lost, Work&& work);

  std::shared_ptr<Settings const> settings_;  // the connection's, as the watchdog
  std::shared_ptr<Watchdog> watchdog_;
  std::unique_ptr<Connection> connection_;
  Fault fault_;
  Access access_;
  bool in_transaction_ = false;
  bool broken_ = false;
};

}  // namespace cloacina::backend::postgres
