#pragma once

#include "backend/postgres/connection.hpp"

namespace cloacina::backend::postgres {

/// A transaction on a connection, rolled back unless it was committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {
    connection_.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  }
  ~Transaction() {
    if (committed_) return;
    try {
      connection_.run("ROLLBACK");
    } catch (...) {  // NOLINT(bugprone-empty-catch): the server rolls back what is left
    }
  }
  Transaction(Transaction const&) = delete;
  Transaction& operator=(Transaction const&) = delete;
  void commit() {
    connection_.run("COMMIT");
    committed_ = true;
  }

 private:
  Connection& connection_;
  bool committed_ = false;
};

}  // namespace cloacina::backend::postgres
