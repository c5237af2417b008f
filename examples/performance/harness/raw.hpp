#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "harness/samples.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace bench {

/// The limit that everything is held against: what SQLite itself takes on this disk, in this
/// process.
///
/// A bare loop over prepared statements: one insert for each task into a table without rowid, in
/// the order of its key, no index, no check, no thread; write-ahead log, synchronous=FULL, so each
/// group of rows is on the disk before the next begins. Throws `std::runtime_error` with SQLite's
/// words.
class RawLoop {
 public:
  /// Makes the file, and fills its log once: a log that still grows is slower to sync than one that
  /// is written over.
  explicit RawLoop(std::filesystem::path const& file);
  ~RawLoop();
  RawLoop(RawLoop const&) = delete;
  RawLoop& operator=(RawLoop const&) = delete;

  /// In transactions of `group` rows, for at least `duration`.
  [[nodiscard]] double rows_per_second(std::size_t group, std::chrono::nanoseconds duration);
  /// How long transactions of one row take, in µs, one after the other for at least `duration`.
  [[nodiscard]] Samples commit_times(std::chrono::nanoseconds duration);

 private:
  void execute(char const* sql);
  [[nodiscard]] sqlite3_stmt* prepare(char const* sql);
  void step(sqlite3_stmt* statement);
  void commit_group(std::size_t rows);
  void insert_next();

  sqlite3* connection_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::uint64_t rows_ = 0;
};

}  // namespace bench
