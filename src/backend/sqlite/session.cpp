#include "backend/sqlite/session.hpp"

#include <sqlite3.h>

#include <utility>

#include "backend/sqlite/errors.hpp"
#include "backend/sqlite/statement_text.hpp"
#include "core/sabotage.hpp"

namespace cloacina::backend::sqlite {
namespace {

constexpr Statement begin_immediate{.name = "begin", .sqlite = "BEGIN IMMEDIATE"};
constexpr Statement begin_deferred{.name = "begin", .sqlite = "BEGIN DEFERRED"};
constexpr Statement commit_transaction{.name = "commit", .sqlite = "COMMIT"};
// Changes when another connection commits, in this process or another.
constexpr Statement data_version{.name = "data_version", .sqlite = "PRAGMA data_version"};
constexpr Statement rollback_transaction{.name = "rollback", .sqlite = "ROLLBACK"};

std::size_t changes(Connection& connection) noexcept {
  return static_cast<std::size_t>(sqlite3_changes64(connection.handle()));
}

/// A row costs half as much among 16 as alone (0.62 against 1.09 µs); more rows bring little, and a
/// small group would have none of it.
std::size_t rows_at_once(std::size_t left) noexcept {
  for (std::size_t const rows : {16, 4})
    if (left >= rows) return rows;
  return 1;
}

}  // namespace

/// One call under way: owns the shared connection for its time, notes whether it broke the session.
class SqliteSession::Call {
 public:
  explicit Call(SqliteSession& session) : session_(session) {
    if (session.shared_ && !session.transaction_.owns_lock())
      lock_ = std::unique_lock{session.connection_->turn()};
  }
  Call(Call const&) = delete;
  Call& operator=(Call const&) = delete;

  /// Keeps the shared connection until `end_transaction`.
  void keep_turn() noexcept {
    if (lock_.owns_lock()) session_.transaction_ = std::move(lock_);
  }

  template <class Work>
  auto operator()(Work&& work) {
    try {
      return work(*session_.connection_);
    } catch (SessionError const& error) {
      if (error.failure() == Failure::broken) session_.broken_ = true;
      throw;
    }
  }

 private:
  SqliteSession& session_;
  std::unique_lock<std::mutex> lock_;
};

void SqliteSession::begin() {
  reach("begin");
  Call call{*this};
  // What the trial busy_storm must notice: who has read before it writes is refused.
  static bool const deferred = is_sabotaged("begin_deferred");
  call([](Connection& connection) {
    connection.prepared(deferred ? begin_deferred : begin_immediate).execute();
  });
  call.keep_turn();
  in_transaction_ = true;
}

void SqliteSession::commit() {
  reach("commit.before");
  {
    Call call{*this};
    call([](Connection& connection) {
      try {
        connection.prepared(commit_transaction).execute(During::commit);
      } catch (SessionError const&) {
        static bool const swallowed = is_sabotaged("commit_swallowed");  // for the trial disk_full
        if (!swallowed) throw;
      }
    });
  }
  end_transaction();
  reach("commit.after");
}

void SqliteSession::rollback() noexcept {
  if (!in_transaction_) return;
  // Full disks and the like have rolled it back already.
  if (sqlite3_get_autocommit(connection_->handle()) == 0) {
    try {
      connection_->prepared(rollback_transaction).execute();
    } catch (...) {
      broken_ = true;
    }
  }
  end_transaction();
}

void SqliteSession::end_transaction() noexcept {
  in_transaction_ = false;
  if (transaction_.owns_lock()) transaction_.unlock();
}

Rows SqliteSession::query(Statement const& statement, std::span<Value const> parameters) {
  reach(statement.name);
  Call call{*this};
  return call([&](Connection& connection) {
    auto& prepared = connection.prepared(statement);
    prepared.expect_parameters(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) prepared.bind(i, parameters[i]);
    return prepared.collect();
  });
}

std::size_t SqliteSession::execute(Statement const& statement, std::span<Value const> parameters) {
  reach(statement.name);
  Call call{*this};
  return call([&](Connection& connection) {
    auto& prepared = connection.prepared(statement);
    prepared.expect_parameters(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) prepared.bind(i, parameters[i]);
    prepared.execute();
    return changes(connection);
  });
}

std::vector<std::size_t> SqliteSession::apply(Statement const& statement,
                                              std::span<Column const> columns) {
  reach(statement.name);
  Call call{*this};
  return call([&](Connection& connection) {
    std::size_t const rows = columns.empty() ? 0 : columns.front().size();
    bool const many = takes_many_rows(statement);
    std::vector<std::size_t> affected;
    affected.reserve(rows);
    while (affected.size() < rows) {
      auto const at_once = many ? rows_at_once(rows - affected.size()) : 1;
      auto& prepared = connection.prepared(statement, at_once);
      prepared.expect_parameters(columns.size() * at_once);
      for (std::size_t row = 0, parameter = 0; row < at_once; ++row)
        for (auto const& column : columns)
          prepared.bind(parameter++, column[affected.size() + row]);
      prepared.execute();
      if (at_once == 1) {
        affected.push_back(changes(connection));
      } else {
        affected.insert(affected.end(), at_once, 1);
      }
    }
    return affected;
  });
}

bool SqliteSession::changed() {
  static bool const deaf = is_sabotaged("deaf_to_hints");  // what the trial wake_up must notice
  if (deaf) return false;
  auto const version = query(data_version, {}).integer(0, 0);
  auto const before = std::exchange(seen_version_, version);
  return before >= 0 && before != version;
}

}  // namespace cloacina::backend::sqlite
