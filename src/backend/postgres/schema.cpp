#include "backend/postgres/schema.hpp"

#include <array>
#include <string>

#include "backend/postgres/transaction.hpp"
#include "core/sabotage.hpp"
#include "core/sha256.hpp"

namespace cloacina::backend::postgres {
namespace {

constexpr std::int64_t oldest_server = 130'000;

constexpr Statement select_server{.name = "server_settings", .sqlite = {}, .postgres = R"sql(
      SELECT current_setting('server_version_num')::bigint,
             coalesce(current_setting('fsync', true), 'on'),
             coalesce(current_setting('full_page_writes', true), 'on'),
             coalesce(current_setting('synchronous_commit', true), 'on'))sql"};

constexpr Statement lock_migrations{.name = "lock_migrations",
                                    .sqlite = {},
                                    .postgres =
                                        "SELECT pg_advisory_xact_lock(hashtextextended('cloacina "
                                        "migrations of ' || $1, 0)) IS NULL"};

// Other applications call a table schema_migrations too; the first step makes workflow_executions
// in the transaction that makes ours.
constexpr Statement select_objects{.name = "find_own_tables", .sqlite = {}, .postgres = R"sql(
      SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1),
             EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                     WHERE n.nspname = $1 AND c.relname = 'workflow_executions'),
             EXISTS (SELECT 1 FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
                     JOIN pg_namespace AS n ON n.oid = c.relnamespace
                     WHERE n.nspname = $1 AND c.relname = 'schema_migrations'
                       AND a.attname = 'sha256'),
             EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                     WHERE n.nspname = $1
                       AND c.relname IN ('schema_migrations', 'workflow_executions', 'runners')))sql"};

constexpr Statement applied_migrations{
    .name = "applied_migrations",
    .sqlite = {},
    .postgres = "SELECT version, name, sha256 FROM {s}.schema_migrations ORDER BY version"};
constexpr Statement create_migrations_table{
    .name = "create_migrations_table",
    .sqlite = {},
    .postgres =
        "CREATE TABLE IF NOT EXISTS {s}.schema_migrations (version integer PRIMARY KEY,"
        " name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL"
        " DEFAULT clock_timestamp())"};
constexpr Statement record_migration{
    .name = "record_migration",
    .sqlite = {},
    .postgres = "INSERT INTO {s}.schema_migrations (version, name, sha256) VALUES ($1, $2, $3)"};

class Schema {
 public:
  Schema(Connection& connection, Settings const& settings, std::span<Migration const> steps)
      : connection_(connection), settings_(settings), steps_(steps) {}

  void check_server() const {
    auto const server = query(select_server);
    if (server.integer(0, 0) < oldest_server)
      refuse("is on a server of version " + std::to_string(server.integer(0, 0) / 10'000) +
             "; expected PostgreSQL 13 or newer: upgrade the server");
    constexpr std::array names{"fsync", "full_page_writes", "synchronous_commit"};
    for (std::size_t i = 0; i < names.size() && !settings_.unsafe_server; ++i)
      if (server.text(0, i + 1) == "off")
        refuse(std::string{"is on a server with "} + names[i] +
               "=off, which loses what it said was stored when it crashes; expected on: change it, "
               "or add unsafe_server=true to the URL where that may happen");
  }

  /// How many steps are applied; throws if the schema is not ours or does not fit.
  std::size_t check() {
    std::array<Value, 1> const name{std::string_view{settings_.schema}};
    auto const found = query(select_objects, name);
    exists_ = found.integer(0, 0) != 0;
    bool const ours = found.integer(0, 1) != 0 && found.integer(0, 2) != 0;
    if (!ours && found.integer(0, 3) != 0)
      refuse("has tables of another application in schema '" + settings_.schema +
             "' that are called as ours; expected a schema of this library, or one without them: "
             "name another one with ?schema=NAME");
    if (!ours) return 0;
    auto const applied = query(applied_migrations);
    if (auto const why = why_not_ours(applied, steps_); !why.empty()) refuse(why);
    return applied.size();
  }

  void migrate() {
    for (;;) {
      Transaction transaction{connection_};
      lock_schema(connection_, settings_);
      auto const applied = check();  // another process may have been faster
      if (applied == steps_.size()) return;
      if (!exists_)
        connection_.run("CREATE SCHEMA IF NOT EXISTS " + as_identifier(settings_.schema));
      if (applied == 0) create_table();
      apply(steps_[applied]);
      transaction.commit();
    }
  }

  /// In the transaction under way, in a schema that is new.
  void make() {
    create_table();
    for (auto const& step : steps_) apply(step);
  }

 private:
  [[nodiscard]] Rows query(Statement const& statement,
                           std::span<Value const> parameters = {}) const {
    return rows_of(connection_.run(statement, settings_.schema, parameters));
  }

  void create_table() {
    connection_.run(create_migrations_table, settings_.schema, std::span<Value const>{});
  }

  void apply(Migration const& step) {
    connection_.run(in_schema(step.sql, as_identifier(settings_.schema) + "."));
    auto const sum = sha256_hex(step.sql);
    std::array<Value, 3> const record{std::int64_t{step.version}, step.name, std::string_view{sum}};
    connection_.run(record_migration, settings_.schema, std::span<Value const>{record});
  }

  [[noreturn]] void refuse(std::string const& what) const {
    throw ConfigurationError("database '" + settings_.url.display() + "' " + what, "database_url");
  }

  Connection& connection_;
  Settings const& settings_;
  std::span<Migration const> steps_;
  bool exists_ = false;
};

}  // namespace

void check_server(Connection& connection, Settings const& settings) {
  Schema{connection, settings, migrations()}.check_server();
}

void lock_schema(Connection& connection, Settings const& settings) {
  // What the trial migration_race must notice.
  static bool const unlocked = is_sabotaged("migration_without_lock");
  std::array<Value, 1> const name{std::string_view{settings.schema}};
  if (!unlocked) connection.run(lock_migrations, settings.schema, std::span<Value const>{name});
}

void make_tables(Connection& connection, Settings const& settings) {
  Schema schema{connection, settings, migrations()};
  schema.check_server();
  schema.make();
}

std::size_t steps_applied(Connection& connection, Settings const& settings,
                          std::span<Migration const> steps) {
  Schema schema{connection, settings, steps};
  schema.check_server();
  return schema.check();
}

std::size_t bring_up_to_date(Connection& connection, Settings const& settings,
                             std::span<Migration const> steps) {
  Schema schema{connection, settings, steps};
  schema.check_server();
  auto const found = schema.check();
  if (found != steps.size()) schema.migrate();
  return found;
}

std::string script(std::string_view schema, std::size_t from, std::span<Migration const> steps) {
  auto const name = std::string{schema};
  auto const prefix = as_identifier(schema) + ".";
  auto const lock = with_values(std::string{lock_migrations.postgres}, {as_literal(name)});
  std::string text = "DO $$\nBEGIN\n  PERFORM" + lock.substr(std::string_view{"SELECT"}.size());
  if (from == 0) {
    text += ";\n  IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = " + as_literal(name) +
            ") THEN\n    CREATE SCHEMA " + as_identifier(schema);
  } else {
    text += ";\n  IF (SELECT count(*) FROM " + prefix + "schema_migrations) <> " +
            std::to_string(from) + " THEN\n    RAISE EXCEPTION 'schema " + name +
            " is not at version " + std::to_string(from) + ": print this with another --from'";
  }
  text += ";\n  END IF;\nEND\n$$;\n\n";
  if (from == 0) text += in_schema(create_migrations_table.postgres, prefix) + ";\n";
  for (auto const& step : steps.subspan(from))
    text += "\n" + in_schema(step.sql, prefix) + "\n" +
            with_values(in_schema(record_migration.postgres, prefix),
                        {std::to_string(step.version), as_literal(step.name),
                         as_literal(sha256_hex(step.sql))}) +
            ";\n";
  return text;
}

}  // namespace cloacina::backend::postgres
