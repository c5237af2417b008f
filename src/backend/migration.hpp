#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "backend/session.hpp"
#include "core/database_url.hpp"

namespace cloacina::backend {

/// One step of the schema, embedded in the binary; steps are numbered from 1 without gaps.
struct Migration {
  int version;
  std::string_view name, sql;
};

/// Why a database with these steps is not one for a library with those; empty if it is, though it
/// may lack the last ones. `applied`: version, name and SHA-256, in the order of the versions.
[[nodiscard]] std::string why_not_ours(Rows const& applied, std::span<Migration const> steps);

/// The embedded steps of one driver, in order. Throws `ConfigurationError` where this build lacks
/// it.
[[nodiscard]] std::span<Migration const> migrations_of(DatabaseUrl::Backend backend);

/// The embedded steps after version `from` as SQL that people read, and run by psql (in one
/// transaction) or sqlite3: it leaves behind what opening the database would, and fails, leaving
/// it as it was, on one that is at another version. `schema` is PostgreSQL's. Throws as
/// `migrations_of`.
[[nodiscard]] std::string migration_script(DatabaseUrl::Backend backend, std::string_view schema,
                                           std::size_t from);

/// SQL with the schema put in: `{s}.` becomes `prefix`.
[[nodiscard]] std::string in_schema(std::string_view sql, std::string_view prefix);

/// SQL with these expressions in the place of `$1`, `$2` …
[[nodiscard]] std::string with_values(std::string sql,
                                      std::initializer_list<std::string_view> expressions);
/// 'text', which holds no quotes.
[[nodiscard]] std::string as_literal(std::string_view text);

}  // namespace cloacina::backend
