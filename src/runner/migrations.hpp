#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/database_url.hpp"

namespace cloacina::detail {

/// What the command line does to a database without running anything on it.
struct Migrated {
  std::string database;    ///< without secrets
  std::size_t found, now;  ///< versions of the schema
};

/// Opens, checks and migrates as a runner does; blocks and throws as that.
[[nodiscard]] Migrated migrate(std::string_view database_url);

/// The version of the schema that this library makes. Throws `ConfigurationError` where the build
/// lacks the driver.
[[nodiscard]] std::size_t newest_schema(DatabaseUrl::Backend backend);

/// SQL from version `from`, which is at most the newest; see `backend::migration_script`.
[[nodiscard]] std::string migration_script(DatabaseUrl::Backend backend, std::string_view schema,
                                           std::size_t from);

}  // namespace cloacina::detail
