#include "backend/postgres/tenants.hpp"

#include <array>
#include <chrono>

#include <cloacina/error.hpp>

#include "backend/postgres/connection.hpp"
#include "backend/postgres/errors.hpp"
#include "backend/postgres/schema.hpp"
#include "backend/postgres/transaction.hpp"
#include "core/sabotage.hpp"
#include "core/sha256.hpp"

namespace cloacina::backend::postgres {
namespace {

using namespace std::chrono_literals;

// As long as the steps of a migration may take.
constexpr std::chrono::milliseconds longest_step = 10min;

constexpr Statement select_schemas{.name = "list_tenants", .sqlite = {}, .postgres = R"sql(
      SELECT n.nspname::text FROM pg_namespace AS n
      JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'workflow_executions'
      JOIN pg_class AS m ON m.relnamespace = n.oid AND m.relname = 'schema_migrations'
      JOIN pg_attribute AS a ON a.attrelid = m.oid AND a.attname = 'sha256'
      ORDER BY n.nspname)sql"};

constexpr Statement select_names{.name = "tenant_names", .sqlite = {}, .postgres = R"sql(
      SELECT current_database()::text,
             EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1),
             EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $2),
             (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))sql"};

// Who owns the schema of a tenant, and whether the role is that tenant's.
constexpr Statement select_tenant{.name = "find_tenant", .sqlite = {}, .postgres = R"sql(
      SELECT (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = $1),
             (SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = $2),
             current_database()::text)sql"};

// GRANT and REVOKE on what all tenants share, the database and its schema public, fail where two
// of them change it at once ("tuple concurrently updated").
constexpr Statement lock_tenants{
    .name = "lock_tenants",
    .sqlite = {},
    .postgres = "SELECT pg_advisory_xact_lock(hashtextextended('cloacina tenants', 0)) IS NULL"};

// Of a new role: those that everybody has.
constexpr Statement select_rights_left{.name = "rights_left", .sqlite = {}, .postgres = R"sql(
      SELECT has_database_privilege($1::name, current_database(), 'TEMPORARY'),
             EXISTS (SELECT 1 FROM pg_namespace
                     WHERE nspname = 'public' AND has_schema_privilege($1::name, oid, 'CREATE')))sql"};

constexpr Statement end_sessions{
    .name = "end_sessions",
    .sqlite = {},
    .postgres = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1"};

/// Of a role, which belongs to the whole server: that it was made for this tenant.
std::string mark_of(std::string_view database, std::string_view schema) {
  return "tenant of Cloacina: schema " + std::string{schema} + " of database " +
         std::string{database};
}

/// Roles belong to the whole server, and two of its databases may have tenants of one name.
std::string owner_of(std::string_view database, std::string_view schema) {
  constexpr std::size_t longest_part = 40;
  return std::string{schema.substr(0, longest_part)} + "_owner_" +
         sha256_hex(std::string{database} + '/' + std::string{schema}).substr(0, 12);
}

std::string in_quotes(std::string_view text) {
  std::string result = " '";
  for (char const c : text) {
    if (c == '\'') result += '\'';
    result += c;
  }
  return result += '\'';
}

[[noreturn]] void refuse(std::string_view schema, std::string const& what) {
  throw StateError{"tenant '" + std::string{schema} + "' " + what, std::string{schema}};
}

/// Runs `work(connection)` on a connection of its own.
template <class Work>
auto connected(Settings const& settings, std::string_view doing, Work&& work) {
  try {
    Connection connection{std::make_shared<Settings const>(settings), std::make_shared<Watchdog>(),
                          longest_step};
    try {
      return work(connection);
    } catch (pqxx::pqxx_exception const&) {
      throw_session_error(settings, doing, Failure::broken);
    }
  } catch (pqxx::pqxx_exception const&) {
    refuse_database(settings);
  }
}

template <std::size_t Size>
Rows ask(Connection& connection, Statement const& statement,
         std::array<Value, Size> const& parameters) {
  constexpr std::string_view no_schema{};  // they read the server's catalogue
  return rows_of(connection.run(statement, no_schema, std::span<Value const>{parameters}));
}

/// From now on the role cannot log in; who ends its sessions then ends them for good. Returns the
/// owner of the schema, in quotes where it needs them.
std::string lock_out(Connection& connection, std::string_view schema, std::string_view username) {
  Transaction transaction{connection};
  (void)ask<0>(connection, lock_tenants, {});
  auto const found = ask<2>(connection, select_tenant, {schema, username});
  if (found.is_null(0, 0)) refuse(schema, "does not exist; expected one of list_tenants()");
  if (found.text_or_null(0, 1) != mark_of(found.text(0, 2), schema))
    refuse(schema, "is not the one that role '" + std::string{username} +
                       "' was made for; expected the role that create_tenant() made with it");
  connection.run("ALTER ROLE " + as_identifier(username) + " NOLOGIN");
  connection.run("GRANT " + as_identifier(username) + " TO CURRENT_USER");
  transaction.commit();
  return found.text(0, 0);
}

void drop(Connection& connection, std::string_view schema, std::string const& role,
          std::string const& owner) {
  Transaction transaction{connection};
  (void)ask<0>(connection, lock_tenants, {});
  connection.run("DROP SCHEMA " + as_identifier(schema) + " CASCADE");
  connection.run("DROP OWNED BY " + role);
  connection.run("DROP ROLE " + role);
  connection.run("DROP OWNED BY " + owner);
  connection.run("DROP ROLE " + owner);
  transaction.commit();
}

}  // namespace

PostgresTenants::PostgresTenants(DatabaseUrl const& url) : settings_(Settings::from(url)) {
  if (!settings_.names_database())
    throw ConfigurationError(
        "database '" + url.display() +
            "' names no database; expected postgres://ADMIN@HOST:PORT/DATABASE",
        "database_url");
}

Settings PostgresTenants::settings_for(std::string_view schema) const {
  auto settings = settings_;
  settings.schema = schema;
  return settings;
}

std::string PostgresTenants::create(New const& tenant) {
  auto const settings = settings_for(tenant.schema);
  connected(settings, "create_tenant", [&](Connection& connection) {
    Transaction transaction{connection};
    (void)ask<0>(connection, lock_tenants, {});
    lock_schema(connection, settings);
    auto const found = ask<2>(connection, select_names,
                              {std::string_view{tenant.schema}, std::string_view{tenant.username}});
    auto const& database = found.text(0, 0);
    if (found.integer(0, 1) != 0)
      refuse(tenant.schema, "exists already: its schema does; expected a new name");
    if (found.integer(0, 2) != 0)
      refuse(tenant.schema, "cannot have the role '" + tenant.username +
                                "', which exists already; expected a new name");
    bool const superuser = found.integer(0, 3) != 0;
    auto const schema = as_identifier(tenant.schema);
    auto const role = as_identifier(tenant.username);
    auto const owner = as_identifier(owner_of(database, tenant.schema));
    auto const run = [&](std::string const& sql) { connection.run(sql); };

    run("CREATE ROLE " + owner + " NOLOGIN NOINHERIT");
    run("COMMENT ON ROLE " + owner + " IS" + in_quotes(mark_of(database, tenant.schema)));
    if (!superuser) run("GRANT " + owner + " TO CURRENT_USER");
    run("CREATE SCHEMA " + schema + " AUTHORIZATION " + owner);
    run("SET LOCAL ROLE " + owner);
    make_tables(connection, settings);
    run("RESET ROLE");

    // What the server logs is the verifier, which is no password.
    run("CREATE ROLE " + role + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT" +
        " CONNECTION LIMIT " + std::to_string(tenant.connection_limit) + " PASSWORD" +
        in_quotes(compat::scram_verifier(tenant.username, tenant.password)));
    run("COMMENT ON ROLE " + role + " IS" + in_quotes(mark_of(database, tenant.schema)));
    run("GRANT CONNECT ON DATABASE " + as_identifier(database) + " TO " + role);
    run("GRANT USAGE ON SCHEMA " + schema + " TO " + role);
    run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema + " TO " + role);
    run("REVOKE INSERT, UPDATE, DELETE ON " + schema + ".schema_migrations FROM " + role);
    run("ALTER DEFAULT PRIVILEGES FOR ROLE " + owner + " IN SCHEMA " + schema +
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO " + role);
    // What the trial tenant_attack must notice.
    static bool const generous = is_sabotaged("generous_grants");
    if (generous) {
      run("GRANT ALL ON SCHEMA " + schema + " TO PUBLIC");
      run("GRANT ALL ON ALL TABLES IN SCHEMA " + schema + " TO PUBLIC");
    }
    run("REVOKE TEMPORARY ON DATABASE " + as_identifier(database) + " FROM PUBLIC");
    run("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    auto const left = ask<1>(connection, select_rights_left, {std::string_view{tenant.username}});
    if (left.integer(0, 0) != 0 || left.integer(0, 1) != 0)  // a REVOKE of no effect is a warning
      refuse(tenant.schema,
             "could make objects outside of its schema, which this role cannot prevent; expected "
             "the owner of the database, or that it has run: REVOKE TEMPORARY ON DATABASE " +
                 as_identifier(database) +
                 " FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    transaction.commit();
  });
  return settings_.url_for(tenant.username, tenant.password, tenant.schema);
}

void PostgresTenants::remove(std::string_view schema, std::string_view username) {
  auto const settings = settings_for(schema);
  connected(settings, "remove_tenant", [&](Connection& connection) {
    auto const owner = lock_out(connection, schema, username);
    constexpr int most_tries = 10;
    for (int tries = 1;; ++tries) {
      (void)ask<1>(connection, end_sessions, {username});
      try {
        return drop(connection, schema, as_identifier(username), owner);
      } catch (pqxx::deadlock_detected const&) {
        if (tries == most_tries) throw;  // with what its programs were about to do
      }
    }
  });
}

void PostgresTenants::migrate(std::string_view schema) {
  auto const settings = settings_for(schema);
  connected(settings, "migrate_tenant", [&](Connection& connection) {
    auto const found = ask<2>(connection, select_tenant, {schema, std::string_view{}});
    if (found.is_null(0, 0)) refuse(schema, "does not exist; expected one of list_tenants()");
    connection.run("SET ROLE " + found.text(0, 0));
    (void)bring_up_to_date(connection, settings);
  });
}

std::vector<std::string> PostgresTenants::list() {
  return connected(settings_, "list_tenants", [](Connection& connection) {
    auto const rows = ask<0>(connection, select_schemas, {});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < rows.size(); ++i) names.push_back(rows.text(i, 0));
    return names;
  });
}

}  // namespace cloacina::backend::postgres
