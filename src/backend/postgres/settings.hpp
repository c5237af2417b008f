#pragma once

#include <string>
#include <string_view>

#include "core/database_url.hpp"

namespace cloacina::backend::postgres {

/// What the URL of a PostgreSQL database says, taken apart.
struct Settings {
  DatabaseUrl url;
  std::string connection;         ///< for libpq; holds the password
  std::string schema = "public";  ///< as it is stored; see `is_schema_name`
  /// False behind a pooler in transaction mode, and on databases without LISTEN: no state of a
  /// session is relied upon, and others are found by the slow poll.
  bool listen = true;
  bool prepare = true;  ///< prepared statements; false where a pooler does not know them
  /// The server may lose what it said was stored: the user has taken that risk.
  bool unsafe_server = false;

  /// Reads the options of ours from the URL (`schema`, `listen`, `prepare`, `unsafe_server`) and
  /// leaves the others to libpq. Throws `ConfigurationError` naming the option and its choices.
  [[nodiscard]] static Settings from(DatabaseUrl const& url);
};

/// Why this cannot be the name of a schema of ours; empty if it can: 1 to 63 letters, digits and
/// underscores that do not begin with a digit, and none that PostgreSQL keeps for itself.
[[nodiscard]] std::string why_no_schema_name(std::string_view name);

/// In double quotes, as an identifier of SQL.
[[nodiscard]] std::string as_identifier(std::string_view identifier);

}  // namespace cloacina::backend::postgres
