#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "backend/session.hpp"
#include "backend/sqlite/errors.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace cloacina::backend::sqlite {

/// A prepared statement. `$n` is found by its name, once: SQLite numbers parameters by their first
/// appearance, so that `SET a = $2 WHERE b = $1` would silently be bound the wrong way round.
class Prepared {
 public:
  /// For so many rows at once, if the statement takes many. Throws `SessionError` when the SQL is
  /// wrong or its parameters are not `$1` to `$n`.
  Prepared(sqlite3* connection, Statement const& statement, std::size_t rows = 1);
  ~Prepared();
  Prepared(Prepared const&) = delete;
  Prepared& operator=(Prepared const&) = delete;

  /// How many values one execution takes; throws `SessionError` if `given` is another number.
  void expect_parameters(std::size_t given) const;
  /// Binds `$(parameter + 1)`. Text is not copied. NaN, and text with a NUL byte (which PostgreSQL
  /// cannot store), are refused as `Failure::data`.
  void bind(std::size_t parameter, Value const& value);
  /// Runs to the end; for statements without results.
  void execute(During during = During::statement);
  /// Runs to the end and takes all rows.
  [[nodiscard]] Rows collect();

 private:
  [[nodiscard]] bool step(During during = During::statement);
  void check(int code) const;
  [[noreturn]] void refuse(std::size_t parameter, std::string_view why) const;
  [[nodiscard]] Rows::Cell cell(int column) const;

  sqlite3* connection_;
  sqlite3_stmt* handle_ = nullptr;
  std::string_view name_;
  std::vector<int> positions_;  // SQLite's number of `$(i + 1)`
  std::vector<std::array<std::byte, 16>>
      uuids_;  // bound without a copy: they live here until the next binding
};

}  // namespace cloacina::backend::sqlite
