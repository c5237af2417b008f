#include "harness/raw_sqlite.hpp"

#include <sqlite3.h>

#include <cstring>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

constexpr std::uint64_t tasks_per_execution = 10;
// As long as a runner lets its log grow before it writes it back.
constexpr char settings[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000; PRAGMA "
    "cache_size=-16384";
constexpr char table[] =
    "CREATE TABLE task (execution BLOB NOT NULL, task INTEGER NOT NULL, status INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL, delta TEXT, started_at INTEGER, completed_at INTEGER,"
    " PRIMARY KEY (execution, task)) STRICT, WITHOUT ROWID";
// A log that still grows is slower to sync than one that is written over.
constexpr std::size_t rows_that_fill_the_log = 150'000;

}  // namespace

RawSqlite::RawSqlite(std::filesystem::path const& file) {
  if (sqlite3_open(file.c_str(), &connection_) != SQLITE_OK)
    throw std::runtime_error{"raw loop: cannot open " + file.string() + ": " +
                             sqlite3_errmsg(connection_)};
  execute(settings);
  execute(table);
  begin_ = prepare("BEGIN IMMEDIATE");
  commit_ = prepare("COMMIT");
  insert_ = prepare("INSERT INTO task VALUES (?1, ?2, 3, 1, ?3, ?4, ?5)");
  for (std::size_t rows = 0; rows < rows_that_fill_the_log; rows += 5'000) commit_group(5'000);
}

RawSqlite::~RawSqlite() {
  for (auto* statement : {begin_, commit_, insert_}) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

void RawSqlite::commit_group(std::size_t rows) {
  step(begin_);
  for (std::size_t i = 0; i < rows; ++i) insert_next();
  step(commit_);
}

// Keys that grow like those of UUIDv7, with bits behind them that do not.
void RawSqlite::insert_next() {
  std::uint64_t const execution = rows_ / tasks_per_execution;
  std::uint64_t const high = __builtin_bswap64(execution << 16);
  std::uint64_t const low = execution * 0x9E3779B97F4A7C15u;
  unsigned char id[16];
  std::memcpy(id, &high, 8);
  std::memcpy(id + 8, &low, 8);
  auto const now = static_cast<sqlite3_int64>(rows_) + 1'700'000'000'000'000;
  sqlite3_bind_blob(insert_, 1, id, sizeof id, SQLITE_STATIC);
  sqlite3_bind_int64(insert_, 2, static_cast<sqlite3_int64>(rows_ % tasks_per_execution));
  sqlite3_bind_text(insert_, 3, "{}", 2, SQLITE_STATIC);
  sqlite3_bind_int64(insert_, 4, now);
  sqlite3_bind_int64(insert_, 5, now);
  step(insert_);
  ++rows_;
}

void RawSqlite::execute(char const* sql) {
  if (sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw std::runtime_error{std::string{"raw loop: "} + sqlite3_errmsg(connection_)};
}

sqlite3_stmt* RawSqlite::prepare(char const* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK)
    throw std::runtime_error{std::string{"raw loop: "} + sqlite3_errmsg(connection_)};
  return statement;
}

void RawSqlite::step(sqlite3_stmt* statement) {
  if (sqlite3_step(statement) != SQLITE_DONE)
    throw std::runtime_error{std::string{"raw loop: "} + sqlite3_errmsg(connection_)};
  sqlite3_reset(statement);
}

}  // namespace bench
