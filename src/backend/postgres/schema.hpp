#pragma once

#include <span>
#include <string>
#include <string_view>

#include "backend/migration.hpp"
#include "backend/postgres/connection.hpp"
#include "backend/postgres/settings.hpp"

namespace cloacina::backend::postgres {

/// The embedded steps, in order.
[[nodiscard]] std::span<Migration const> migrations();

/// Refuses a server that is too old, or may lose what it said was stored, by `ConfigurationError`;
/// throws what libpqxx throws.
void check_server(Connection& connection, Settings const& settings);

/// How many steps are applied: reads, and waits for nobody. Throws as `bring_up_to_date` does.
[[nodiscard]] std::size_t steps_applied(Connection& connection, Settings const& settings,
                                        std::span<Migration const> steps = migrations());

/// Checks that the server keeps what it says is stored, makes the schema if it is missing, and
/// applies the steps that are missing, each in a transaction of its own under a lock that all
/// processes share. A role without the right to only checks.
///
/// Returns how many were there. Throws `ConfigurationError` for a server that is too old or may
/// lose what was committed, a schema of another application, a newer or altered one, and, without
/// the rights to mend that, an older one; and what libpqxx throws.
std::size_t bring_up_to_date(Connection& connection, Settings const& settings,
                             std::span<Migration const> steps = migrations());

/// Keeps others from making or changing this schema until the transaction under way ends.
void lock_schema(Connection& connection, Settings const& settings);

/// All tables in a schema that is there and empty, in the transaction under way. Throws as
/// `bring_up_to_date` does.
void make_tables(Connection& connection, Settings const& settings);

/// The steps after version `from` as a text for psql; see `migration_script`.
[[nodiscard]] std::string script(std::string_view schema, std::size_t from,
                                 std::span<Migration const> steps = migrations());

}  // namespace cloacina::backend::postgres
