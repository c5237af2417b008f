#ifdef CLOACINA_WITH_POSTGRES
#include "backend/postgres/database.hpp"
#include "backend/postgres/schema.hpp"
#include "backend/postgres/tenants.hpp"
#endif
#ifdef CLOACINA_WITH_SQLITE
#include "backend/sqlite/database.hpp"
#include "backend/sqlite/schema.hpp"
#endif
#include "backend/database.hpp"
#include "backend/migration.hpp"
#include "backend/tenants.hpp"
#include "core/assert.hpp"

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

std::shared_ptr<SharedServer> share_server(DatabaseUrl const& url,
                                           [[maybe_unused]] OpenOptions const& options) {
#ifdef CLOACINA_WITH_POSTGRES
  if (url.backend == DatabaseUrl::Backend::postgres)
    return std::make_shared<postgres::Server>(url, options);
#endif
  if (url.backend == DatabaseUrl::Backend::postgres)
    (void)Database::open(url);  // says what is missing
  return nullptr;
}

std::unique_ptr<Tenants> Tenants::open(DatabaseUrl const& url) {
  if (url.backend != DatabaseUrl::Backend::postgres)
    throw ConfigurationError("database '" + url.display() +
                                 "' has no tenants in schemas; expected a postgres:// URL; with "
                                 "SQLite each tenant is a file of its own",
                             "database_url");
#ifdef CLOACINA_WITH_POSTGRES
  return std::make_unique<postgres::PostgresTenants>(url);
#else
  throw ConfigurationError("database '" + url.display() +
                               "' needs the PostgreSQL driver, which this build does not have; "
                               "build with -DCLOACINA_WITH_POSTGRES=ON",
                           "database_url");
#endif
}

std::span<Migration const> migrations_of(DatabaseUrl::Backend backend) {
#ifdef CLOACINA_WITH_POSTGRES
  if (backend == DatabaseUrl::Backend::postgres) return postgres::migrations();
#endif
#ifdef CLOACINA_WITH_SQLITE
  if (backend == DatabaseUrl::Backend::sqlite) return sqlite::migrations();
#endif
  throw ConfigurationError{std::string{"this build does not have the driver of "} +
                           (backend == DatabaseUrl::Backend::postgres ? "PostgreSQL" : "SQLite") +
                           "; expected one that does: build with both drivers"};
}

std::string migration_script(DatabaseUrl::Backend backend, [[maybe_unused]] std::string_view schema,
                             std::size_t from) {
  CLOACINA_ASSERT(from <= migrations_of(backend).size(), "a script begins at a known version");
#ifdef CLOACINA_WITH_POSTGRES
  if (backend == DatabaseUrl::Backend::postgres) return postgres::script(schema, from);
#endif
#ifdef CLOACINA_WITH_SQLITE
  if (backend == DatabaseUrl::Backend::sqlite) return sqlite::script(from);
#endif
  return {};
}

}  // namespace cloacina::backend
