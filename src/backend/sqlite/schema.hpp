#pragma once

#include <span>
#include <string>

#include "backend/migration.hpp"
#include "backend/sqlite/connection.hpp"

namespace cloacina::backend::sqlite {

/// The embedded steps, in order.
[[nodiscard]] std::span<Migration const> migrations();

/// Checks that the file is new or this library's, makes it a WAL database and applies the steps
/// that are missing, each in a transaction of its own under an exclusive lock; many processes may
/// do it at the same time.
///
/// Returns how many were there. Throws `ConfigurationError` for a foreign database, a newer or
/// altered schema, and, read-only, for an older one; such a file is left as it was. Blocks up to
/// the busy timeout, then throws `BackendError`.
std::size_t bring_up_to_date(Connection& connection, ConnectionSettings const& settings,
                             std::span<Migration const> steps = migrations());

/// The steps after version `from` as a text for sqlite3; see `migration_script`.
[[nodiscard]] std::string script(std::size_t from, std::span<Migration const> steps = migrations());

}  // namespace cloacina::backend::sqlite
