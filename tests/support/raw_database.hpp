#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace cloacina::test {

/// A database file seen with plain SQL, past the library. Used by one thread at a time.
class RawDatabase {
 public:
  explicit RawDatabase(std::filesystem::path const& file) {
    sqlite3* connection = nullptr;
    int const code = sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READWRITE, nullptr);
    connection_.reset(connection);
    if (code != SQLITE_OK) throw std::runtime_error{"cannot open " + file.string()};
    sqlite3_busy_timeout(connection, 10'000);
  }

  void execute(std::string const& sql) {
    if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      fail(sql);
  }

  /// The first column of every row as text; NULL is "NULL".
  [[nodiscard]] std::vector<std::string> column(std::string const& sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      fail(sql);
    std::vector<std::string> values;
    int code = 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      auto const* const text = reinterpret_cast<char const*>(sqlite3_column_text(statement, 0));
      values.emplace_back(text ? text : "NULL");
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) fail(sql);
    return values;
  }
  /// The first column of the only row.
  [[nodiscard]] std::string text(std::string const& sql) const {
    auto const values = column(sql);
    if (values.size() != 1)
      throw std::runtime_error{std::to_string(values.size()) + " rows instead of one: " + sql};
    return values.front();
  }
  [[nodiscard]] std::int64_t integer(std::string const& sql) const { return std::stoll(text(sql)); }

 private:
  [[noreturn]] void fail(std::string const& sql) const {
    throw std::runtime_error{std::string{sqlite3_errmsg(connection_.get())} + ": " + sql};
  }
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace cloacina::test
