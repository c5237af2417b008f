#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "backend/postgres/server.hpp"
#include "backend/session.hpp"

namespace cloacina::backend::postgres {

/// A session over a connection of its own, or over one that it borrows for each transaction.
class PostgresSession final : public Session {
 public:
  using Fault = std::function<void(std::string_view)>;
  enum class Access : unsigned char { read_only, read_write };
  using Borrow = std::function<ConnectionPool::Lent()>;

  PostgresSession(std::unique_ptr<Connection> connection, std::shared_ptr<Settings const> settings,
                  Access access, Fault fault)
      : settings_(std::move(settings)),
        connection_(connection.release(), [](Connection* own) { delete own; }),
        fault_(std::move(fault)),
        access_(access) {}
  PostgresSession(Borrow borrow, std::shared_ptr<Settings const> settings, Access access,
                  Fault fault)
      : settings_(std::move(settings)),
        borrow_(std::move(borrow)),
        fault_(std::move(fault)),
        access_(access) {}
  ~PostgresSession() override {
    rollback();
    settle();
  }

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
  /// Between two transactions a borrowed connection goes back; what is lost goes back in between.
  void settle() noexcept {
    if (!borrow_ || !connection_ || (in_transaction_ && !broken_)) return;
    if (in_transaction_) connection_->lose();
    connection_.reset();
  }

  std::shared_ptr<Settings const> settings_;
  Borrow borrow_;                    // empty: the connection is its own
  ConnectionPool::Lent connection_;  // null: between two transactions
  Fault fault_;
  Access access_;
  bool in_transaction_ = false;
  bool broken_ = false;
};

}  // namespace cloacina::backend::postgres
