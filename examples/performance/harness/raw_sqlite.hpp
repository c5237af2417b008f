#pragma once

#include <cstdint>
#include <filesystem>

#include "harness/raw.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace bench {

/// Prepared statements, one insert for each task into a table without rowid; write-ahead log,
/// synchronous=FULL.
class RawSqlite final : public RawLoop {
 public:
  /// Makes the file, and fills its log once.
  explicit RawSqlite(std::filesystem::path const& file);
  ~RawSqlite() override;

 private:
  void execute(char const* sql);
  [[nodiscard]] sqlite3_stmt* prepare(char const* sql);
  void step(sqlite3_stmt* statement);
  void commit_group(std::size_t rows) override;
  void insert_next();

  sqlite3* connection_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::uint64_t rows_ = 0;
};

}  // namespace bench
