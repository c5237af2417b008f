#pragma once

#include <string>
#include <string_view>

#include "backend/session.hpp"

struct sqlite3;

namespace cloacina::backend::sqlite {

/// What was being done when SQLite refused.
enum class During : unsigned char { statement, commit };

/// The class of an (extended) result code, see `Failure`. A commit that fails on the way to the
/// disk is unknown: its frames may be in the log already, and a recovery would find them.
[[nodiscard]] Failure failure_of(int code, During during) noexcept;

/// "SQLITE_FULL", "SQLITE_IOERR_WRITE" …; "SQLITE_" and the number for codes that this library does
/// not know.
[[nodiscard]] std::string symbol_of(int code);

/// The error of the connection's last call. `doing`: the statement's name, "begin" or "commit".
[[nodiscard]] SessionError session_error(sqlite3* connection, int code, std::string_view doing,
                                         During during = During::statement);

/// Throws what an error while a file is opened means to the user: `ConfigurationError` for what the
/// file is, `BackendError` otherwise.
[[noreturn]] void refuse_file(SessionError const& error, std::string const& display_name);

}  // namespace cloacina::backend::sqlite
