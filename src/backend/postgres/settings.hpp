#pragma once

#include <string>
#include <string_view>

#include "core/database_url.hpp"

namespace cloacina::backend::postgres {

/// What the URL of a PostgreSQL database says, taken apart.
struct Settings {
  DatabaseUrl url;
  std::string connection;  ///< for libpq; holds the password
  std::string schema = "public";
  /// False behind a pooler in transaction mode, and on databases without LISTEN: no state of a
  /// session is relied upon, and others are found by the slow poll.
  bool listen = true;
  bool prepare = true;  ///< prepared statements; false where a pooler does not know them
  /// The server may lose what it said was stored: the user has taken that risk.
  bool unsafe_server = false;

  /// Reads the options of ours from the URL (`schema`, `listen`, `prepare`, `unsafe_server`) and
  /// leaves the others to libpq. A schema that the program has named beside the URL is taken.
  /// Throws `ConfigurationError` naming the option and its choices.
  [[nodiscard]] static Settings from(DatabaseUrl const& url);

  /// Whether the URL's path is the name of a database.
  [[nodiscard]] bool names_database() const noexcept;
  /// The URL with its options, for another role and schema.
  [[nodiscard]] std::string url_for(std::string_view username, std::string_view password,
                                    std::string_view schema_name) const;
};

/// In double quotes, as an identifier of SQL.
[[nodiscard]] std::string as_identifier(std::string_view identifier);

}  // namespace cloacina::backend::postgres
