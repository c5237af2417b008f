#include "runner/migrations.hpp"

#include "backend/database.hpp"
#include "backend/migration.hpp"

namespace cloacina::detail {

Migrated migrate(std::string_view database_url) {
  auto const url = DatabaseUrl::parse(database_url);
  auto const database = backend::Database::open(url);
  return {.database = database->display_name(),
          .found = database->steps_found(),
          .now = newest_schema(url.backend)};
}

std::size_t newest_schema(DatabaseUrl::Backend backend) {
  return backend::migrations_of(backend).size();
}

std::string migration_script(DatabaseUrl::Backend backend, std::string_view schema,
                             std::size_t from) {
  return backend::migration_script(backend, schema, from);
}

}  // namespace cloacina::detail
