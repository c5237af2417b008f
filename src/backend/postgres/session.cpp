#include "backend/postgres/session.hpp"

#include <utility>

#include "backend/postgres/errors.hpp"

namespace cloacina::backend::postgres {

template <class Work>
auto PostgresSession::run(std::string_view doing, Failure lost, Work&& work) {
  if (broken_)
    throw SessionError(Failure::broken,
                       "PostgreSQL, " + std::string{doing} +
                           ": this session has failed before; expected another one to be opened",
                       "08003", std::string{doing});
  struct Settle {
    PostgresSession& session;
    ~Settle() { session.settle(); }
  } const settle{*this};
  try {
    if (!connection_) connection_ = borrow_();
    try {
      return work(*connection_);
    } catch (pqxx::pqxx_exception const&) {
      throw_session_error(*settings_, doing, lost);
    }
  } catch (SessionError const& error) {
    if (error.failure() == Failure::broken || error.failure() == Failure::unknown) {
      broken_ = true;
      if (connection_) connection_->lose();
    }
    throw;
  }
}

void PostgresSession::expect_writer(std::string_view doing) const {
  if (access_ == Access::read_write) return;
  throw SessionError(Failure::again,
                     "PostgreSQL, " + std::string{doing} +
                         ": this session is for reading; expected one of open_writer()",
                     "25006", std::string{doing});
}

void PostgresSession::begin() {
  expect_writer("begin");
  reach("begin");
  run("begin", Failure::broken, [this](Connection& connection) {
    in_transaction_ = true;  // from now on the connection goes back to nobody before its end
    connection.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
  });
}

void PostgresSession::commit() {
  reach("commit.before");
  run("commit", Failure::unknown, [this](Connection& connection) {
    connection.run("COMMIT");
    in_transaction_ = false;
  });
  reach("commit.after");
}

void PostgresSession::rollback() noexcept {
  if (!std::exchange(in_transaction_, false) || broken_) return;
  try {
    connection_->run("ROLLBACK");
  } catch (...) {
    broken_ = true;  // the server rolls back what is left of it
    connection_->lose();
  }
  settle();
}

Rows PostgresSession::query(Statement const& statement, std::span<Value const> parameters) {
  reach(statement.name);
  return run(statement.name, Failure::broken, [&](Connection& connection) {
    return rows_of(connection.run(statement, settings_->schema, parameters));
  });
}

std::size_t PostgresSession::execute(Statement const& statement,
                                     std::span<Value const> parameters) {
  expect_writer(statement.name);
  reach(statement.name);
  return run(statement.name, Failure::broken, [&](Connection& connection) {
    return static_cast<std::size_t>(
        connection.run(statement, settings_->schema, parameters).affected_rows());
  });
}

std::vector<std::size_t> PostgresSession::apply(Statement const& statement,
                                                std::span<Column const> columns) {
  expect_writer(statement.name);
  reach(statement.name);
  std::size_t const rows = columns.empty() ? 0 : columns.front().size();
  if (rows == 0) return {};
  return run(statement.name, Failure::broken, [&](Connection& connection) {
    auto const result = connection.run(statement, settings_->schema, columns);
    if (result.columns() == 0) return std::vector<std::size_t>(rows, 1);
    std::vector<std::size_t> affected(rows, 0);
    auto const numbers = rows_of(result);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      ++affected[static_cast<std::size_t>(
          numbers.integer(i, 0, 1, static_cast<std::int64_t>(rows)) - 1)];
    return affected;
  });
}

Rows PostgresSession::write_alone(Statement const& statement, std::span<Value const> parameters) {
  expect_writer(statement.name);
  reach(statement.name);
  reach("commit.before");
  auto rows = run(statement.name, Failure::unknown, [&](Connection& connection) {
    return rows_of(connection.run(statement, settings_->schema, parameters));
  });
  reach("commit.after");
  return rows;
}

}  // namespace cloacina::backend::postgres
