#include "backend/sqlite/errors.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cloacina::backend::sqlite {
namespace {

using namespace std::string_view_literals;

constexpr std::array primary_symbols{
    std::pair{SQLITE_ERROR, "SQLITE_ERROR"sv},
    std::pair{SQLITE_INTERNAL, "SQLITE_INTERNAL"sv},
    std::pair{SQLITE_PERM, "SQLITE_PERM"sv},
    std::pair{SQLITE_ABORT, "SQLITE_ABORT"sv},
    std::pair{SQLITE_BUSY, "SQLITE_BUSY"sv},
    std::pair{SQLITE_LOCKED, "SQLITE_LOCKED"sv},
    std::pair{SQLITE_NOMEM, "SQLITE_NOMEM"sv},
    std::pair{SQLITE_READONLY, "SQLITE_READONLY"sv},
    std::pair{SQLITE_INTERRUPT, "SQLITE_INTERRUPT"sv},
    std::pair{SQLITE_IOERR, "SQLITE_IOERR"sv},
    std::pair{SQLITE_CORRUPT, "SQLITE_CORRUPT"sv},
    std::pair{SQLITE_FULL, "SQLITE_FULL"sv},
    std::pair{SQLITE_CANTOPEN, "SQLITE_CANTOPEN"sv},
    std::pair{SQLITE_PROTOCOL, "SQLITE_PROTOCOL"sv},
    std::pair{SQLITE_SCHEMA, "SQLITE_SCHEMA"sv},
    std::pair{SQLITE_TOOBIG, "SQLITE_TOOBIG"sv},
    std::pair{SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"sv},
    std::pair{SQLITE_MISMATCH, "SQLITE_MISMATCH"sv},
    std::pair{SQLITE_MISUSE, "SQLITE_MISUSE"sv},
    std::pair{SQLITE_AUTH, "SQLITE_AUTH"sv},
    std::pair{SQLITE_RANGE, "SQLITE_RANGE"sv},
    std::pair{SQLITE_NOTADB, "SQLITE_NOTADB"sv},
};

constexpr std::array extended_symbols{
    std::pair{SQLITE_CONSTRAINT_CHECK, "SQLITE_CONSTRAINT_CHECK"sv},
    std::pair{SQLITE_CONSTRAINT_FOREIGNKEY, "SQLITE_CONSTRAINT_FOREIGNKEY"sv},
    std::pair{SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL"sv},
    std::pair{SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY"sv},
    std::pair{SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE"sv},
    std::pair{SQLITE_CONSTRAINT_DATATYPE, "SQLITE_CONSTRAINT_DATATYPE"sv},
    std::pair{SQLITE_BUSY_RECOVERY, "SQLITE_BUSY_RECOVERY"sv},
    std::pair{SQLITE_BUSY_SNAPSHOT, "SQLITE_BUSY_SNAPSHOT"sv},
    std::pair{SQLITE_READONLY_DIRECTORY, "SQLITE_READONLY_DIRECTORY"sv},
    std::pair{SQLITE_READONLY_DBMOVED, "SQLITE_READONLY_DBMOVED"sv},
    std::pair{SQLITE_IOERR_READ, "SQLITE_IOERR_READ"sv},
    std::pair{SQLITE_IOERR_SHORT_READ, "SQLITE_IOERR_SHORT_READ"sv},
    std::pair{SQLITE_IOERR_WRITE, "SQLITE_IOERR_WRITE"sv},
    std::pair{SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"sv},
    std::pair{SQLITE_IOERR_TRUNCATE, "SQLITE_IOERR_TRUNCATE"sv},
    std::pair{SQLITE_IOERR_FSTAT, "SQLITE_IOERR_FSTAT"sv},
    std::pair{SQLITE_IOERR_LOCK, "SQLITE_IOERR_LOCK"sv},
    std::pair{SQLITE_IOERR_SHMOPEN, "SQLITE_IOERR_SHMOPEN"sv},
    std::pair{SQLITE_IOERR_SHMSIZE, "SQLITE_IOERR_SHMSIZE"sv},
    std::pair{SQLITE_IOERR_SHMMAP, "SQLITE_IOERR_SHMMAP"sv},
};

template <std::size_t Size>
std::string_view find(std::array<std::pair<int, std::string_view>, Size> const& table, int code) {
  auto const found = std::find_if(table.begin(), table.end(),
                                  [code](auto const& entry) { return entry.first == code; });
  return found == table.end() ? std::string_view{} : found->second;
}

constexpr int primary(int code) noexcept { return code & 0xff; }

/// What helps where SQLite's own words leave that open.
std::string_view advice_for(int code) noexcept {
  switch (primary(code)) {
    case SQLITE_FULL:
      return "; expected room on its disk: free some space";
    case SQLITE_IOERR:
      return "; expected a disk that works and has room: see what the system's log says of it";
    case SQLITE_CORRUPT:
      return "; the file is damaged: restore it from a backup, or save what is left with `sqlite3 "
             "FILE .recover`";
    case SQLITE_CANTOPEN:
      return "; check path, permissions and the limit on the number of open files";
    default:
      return "";
  }
}

}  // namespace

Failure failure_of(int code, During during) noexcept {
  switch (primary(code)) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return Failure::data;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
    case SQLITE_READONLY:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Failure::again;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Failure::damaged;
    case SQLITE_CANTOPEN:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_INTERNAL:
      return during == During::commit ? Failure::unknown : Failure::broken;
    default:
      return during == During::commit ? Failure::unknown : Failure::again;
  }
}

std::string symbol_of(int code) {
  auto name = find(extended_symbols, code);
  if (name.empty()) name = find(primary_symbols, primary(code));
  return name.empty() ? "SQLITE_" + std::to_string(code) : std::string{name};
}

SessionError session_error(sqlite3* connection, int code, std::string_view doing, During during) {
  auto const symbol = symbol_of(code);
  // The connection's message belongs to its last call; some codes come from elsewhere (a busy
  // handler, a limit).
  char const* detail =
      sqlite3_errcode(connection) == primary(code) || sqlite3_extended_errcode(connection) == code
          ? sqlite3_errmsg(connection)
          : sqlite3_errstr(code);
  return SessionError(failure_of(code, during),
                      "SQLite, " + std::string{doing} + ": " + detail + " (" + symbol + ")" +
                          std::string{advice_for(code)},
                      symbol, std::string{doing});
}

void refuse_file(SessionError const& error, std::string const& display_name) {
  auto const is = [&error](std::string_view symbol) {
    return error.sqlstate().starts_with(symbol);
  };
  auto const refuse = [&](std::string_view what) {
    throw ConfigurationError(
        "database '" + display_name + "' " + std::string{what} + " [" + error.what() + "]",
        "database_url");
  };
  if (is("SQLITE_NOTADB"))
    refuse(
        "is not an SQLite database; expected a database of this library, an empty file or a path "
        "where none exists: "
        "name another path");
  if (is("SQLITE_CORRUPT")) refuse("is damaged; expected an intact SQLite database");
  if (is("SQLITE_READONLY"))
    refuse(
        "cannot be written; expected a file and a directory that this process may write: change "
        "the permissions, or "
        "open it with ?mode=ro to read only");
  if (is("SQLITE_CANTOPEN") || is("SQLITE_PERM") || is("SQLITE_AUTH"))
    refuse(
        "cannot be opened; expected a file and a directory that this process may read and write: "
        "check path and "
        "permissions");
  throw BackendError("database '" + display_name + "' could not be opened: " + error.what(),
                     error.sqlstate(), display_name, true);
}

}  // namespace cloacina::backend::sqlite
