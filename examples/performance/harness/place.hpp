#pragma once

#include <filesystem>
#include <string>

namespace bench {

/// A database to measure with: an SQLite file, or a schema on a PostgreSQL server.
struct Place {
  std::string url;             ///< that a runner takes
  std::filesystem::path file;  ///< empty: PostgreSQL
  std::string server, schema;  ///< of PostgreSQL: its URL without, and the schema

  [[nodiscard]] bool is_file() const noexcept { return !file.empty(); }
};

}  // namespace bench
