#ifdef CLOACINA_WITH_POSTGRES
#include "backend/postgres/database.hpp"
#endif
#ifdef CLOACINA_WITH_SQLITE
#include "backend/sqlite/database.hpp"
#endif
#include "backend/database.hpp"

namespace cloacina::backend {

std::unique_ptr<Database> Database::open(DatabaseUrl const& url,
                                         [[maybe_unused]] OpenOptions options) {
  [[maybe_unused]] auto const lacks = [&](std::string_view driver, std::string_view option,
                                          std::string_view expected) {
    throw ConfigurationError("database '" + url.display() + "' needs the " + std::string{driver} +
                                 " driver, which this build does not have; expected " +
                                 std::string{expected} + " URL: use one, or build with -D" +
                                 std::string{option} + "=ON",
                             "database_url");
  };
  switch (url.backend) {
    case DatabaseUrl::Backend::postgres:
#ifdef CLOACINA_WITH_POSTGRES
      return std::make_unique<postgres::PostgresDatabase>(url, std::move(options));
#else
      lacks("PostgreSQL", "CLOACINA_WITH_POSTGRES", "an sqlite://");
      break;
#endif
    case DatabaseUrl::Backend::sqlite:
#ifdef CLOACINA_WITH_SQLITE
      return std::make_unique<sqlite::SqliteDatabase>(url, std::move(options));
#else
      lacks("SQLite", "CLOACINA_WITH_SQLITE", "a postgres://");
      break;
#endif
  }
  return nullptr;
}

}  // namespace cloacina::backend
