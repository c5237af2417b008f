#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "backend/session.hpp"
#include "backend/sqlite/connection.hpp"

namespace cloacina::backend::sqlite {

/// A session over a connection of its own, or over the one that all sessions of an in-memory
/// database share.
class SqliteSession final : public Session {
 public:
  using Fault = std::function<void(std::string_view)>;

  SqliteSession(std::shared_ptr<Connection> connection, bool shared, Fault fault)
      : connection_(std::move(connection)), fault_(std::move(fault)), shared_(shared) {}
  ~SqliteSession() override { rollback(); }

  void begin() override;
  void commit() override;
  void rollback() noexcept override;
  [[nodiscard]] Rows query(Statement const& statement, std::span<Value const> parameters) override;
  std::vector<std::size_t> apply(Statement const& statement,
                                 std::span<Column const> columns) override;
  std::size_t execute(Statement const& statement, std::span<Value const> parameters) override;
  [[nodiscard]] bool changed() override;
  [[nodiscard]] bool broken() const noexcept override { return broken_; }

 private:
  class Call;
  void reach(std::string_view point) const {
    if (fault_) fault_(point);
  }
  void end_transaction() noexcept;

  std::shared_ptr<Connection> connection_;
  Fault fault_;
  std::unique_lock<std::mutex> transaction_;  // shared connection only
  std::int64_t seen_version_ = -1;            // of the data
  bool shared_;
  bool in_transaction_ = false;
  bool broken_ = false;
};

}  // namespace cloacina::backend::sqlite
