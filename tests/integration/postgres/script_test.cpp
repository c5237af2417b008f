// The SQL of steps that are missing, as an administrator runs it: in one transaction.
#include <array>

#include "backend/postgres/schema.hpp"
#include "support/catch.hpp"
#include "support/postgres_schema.hpp"

using namespace cloacina;
using namespace cloacina::backend;
using namespace cloacina::test;

namespace {

constexpr std::array<Migration, 3> steps{
    {{1, "first", "CREATE TABLE {s}.workflow_executions (x integer);"},
     {2, "second", "ALTER TABLE {s}.workflow_executions ADD COLUMN y text;"},
     {3, "third", "INSERT INTO {s}.workflow_executions VALUES (1, 'one');"}}};

void run(std::string const& script) {
  pqxx::connection connection{PostgresSchema::server_url()};
  pqxx::quiet_errorhandler const quiet{connection};
  pqxx::work work{connection};
  work.exec(script);
  work.commit();
}

std::string applied(PostgresSchema& schema) {
  return schema.text(
      "SELECT string_agg(version || name || length(sha256), ',' ORDER BY version) FROM " +
      schema.name() + ".schema_migrations");
}

}  // namespace

TEST_CASE("a script from any version brings a schema to the newest", "[schema][script]") {
  auto const first = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
  PostgresSchema schema;
  if (first > 0) run(postgres::script(schema.name(), 0, std::span{steps}.first(first)));
  run(postgres::script(schema.name(), first, steps));
  CHECK(applied(schema) == "1first64,2second64,3third64");
  CHECK(schema.text("SELECT x || y FROM " + schema.name() + ".workflow_executions") == "1one");
}

TEST_CASE("a script from another version fails, and changes nothing", "[schema][script]") {
  PostgresSchema schema;
  run(postgres::script(schema.name(), 0, std::span{steps}.first(1)));
  CHECK_THROWS_WITH(run(postgres::script(schema.name(), 2, steps)),
                    Catch::Contains("is not at version 2"));
  CHECK_THROWS_WITH(run(postgres::script(schema.name(), 0, steps)),
                    Catch::Contains("already exists"));
  CHECK(applied(schema) == "1first64");
}

TEST_CASE("a schema that is there is used, by an owner who could not make it", "[schema][script]") {
  PostgresSchema schema;
  auto const owner = "owner_of_" + schema.name();
  schema.execute("CREATE ROLE " + owner);
  schema.execute("CREATE SCHEMA " + schema.name() + " AUTHORIZATION " + owner);
  CHECK_NOTHROW(run("SET LOCAL ROLE " + owner + "; " + postgres::script(schema.name(), 0, steps)));
  CHECK(applied(schema) == "1first64,2second64,3third64");
  schema.execute("DROP SCHEMA " + schema.name() + " CASCADE; DROP ROLE " + owner);
}
