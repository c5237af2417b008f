#include "backend/database.hpp"
#include "backend/sqlite/database.hpp"

namespace cloacina::backend {

std::unique_ptr<Database> Database::open(DatabaseUrl const& url, OpenOptions options) {
  if (url.backend == DatabaseUrl::Backend::postgres)
    throw ConfigurationError("database '" + url.display() +
                                 "' needs the PostgreSQL driver, which this build does not have; "
                                 "expected an sqlite:// URL",
                             "database_url");
  return std::make_unique<sqlite::SqliteDatabase>(url, std::move(options));
}

}  // namespace cloacina::backend
