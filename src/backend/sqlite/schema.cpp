#include "backend/sqlite/schema.hpp"

#include <chrono>
#include <string>
#include <thread>

#include "backend/sqlite/errors.hpp"
#include "core/sabotage.hpp"
#include "core/sha256.hpp"

namespace cloacina::backend::sqlite {
namespace {

constexpr Statement count_objects{.name = "count_objects",
                                  .sqlite = "SELECT count(*) FROM main.sqlite_schema"};
// Others call a table schema_migrations too: Rails, golang-migrate. The first step makes
// workflow_executions in the transaction that makes ours.
constexpr Statement find_own_tables{
    .name = "find_own_tables",
    .sqlite =
        "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema"
        " WHERE type = 'table' AND name = 'workflow_executions')"
        " AND EXISTS (SELECT 1 FROM pragma_table_info('schema_migrations', 'main')"
        " WHERE name = 'sha256')"};
constexpr Statement applied_migrations{
    .name = "applied_migrations",
    .sqlite = "SELECT version, name, sha256 FROM main.schema_migrations ORDER BY version"};
constexpr Statement create_migrations_table{
    .name = "create_migrations_table",
    .sqlite =
        "CREATE TABLE IF NOT EXISTS main.schema_migrations (version INTEGER NOT NULL PRIMARY KEY,"
        " name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"};
constexpr Statement record_migration{
    .name = "record_migration",
    .sqlite = "INSERT INTO main.schema_migrations VALUES ($1, $2, $3, $4)"};

Rows query(Connection& connection, Statement const& statement) {
  return connection.prepared(statement).collect();
}

class Schema {
 public:
  Schema(Connection& connection, ConnectionSettings const& settings,
         std::span<Migration const> steps)
      : connection_(connection), settings_(settings), steps_(steps) {}

  /// How many steps are applied; throws if the file is not ours or does not fit.
  std::size_t check() {
    if (query(connection_, count_objects).integer(0, 0) == 0) return 0;
    if (query(connection_, find_own_tables).integer(0, 0) == 0)
      refuse(
          "holds tables of another application; expected a database of this library, an empty file "
          "or a path where "
          "none exists: name another path");
    auto const applied = query(connection_, applied_migrations);
    if (auto const why = why_not_ours(applied, steps_); !why.empty()) refuse(why);
    return applied.size();
  }

  void apply(Migration const& step) {
    connection_.run(std::string{step.sql}.c_str(), "migration " + std::string{step.name});
    auto const sum = sha256_hex(step.sql);
    auto& record = connection_.prepared(record_migration);
    record.bind(0, std::int64_t{step.version});
    record.bind(1, step.name);
    record.bind(2, std::string_view{sum});
    record.bind(3, std::chrono::time_point_cast<std::chrono::microseconds>(
                       std::chrono::system_clock::now()));
    record.execute();
  }

  void create_table() { connection_.prepared(create_migrations_table).execute(); }

  [[noreturn]] void refuse(std::string const& what) const {
    throw ConfigurationError("database '" + settings_.display_name + "' " + what, "database_url");
  }

 private:
  Connection& connection_;
  ConnectionSettings const& settings_;
  std::span<Migration const> steps_;
};

/// The change of the mode needs the file for itself and does not call the busy handler in every
/// case.
void switch_to_wal(Connection& connection, ConnectionSettings const& settings) {
  using namespace std::chrono_literals;
  auto const deadline = std::chrono::steady_clock::now() + settings.busy_timeout;
  for (;;) {
    try {
      auto const mode = connection.ask("PRAGMA journal_mode=WAL", "journal_mode");
      if (mode == "wal") return;
      throw ConfigurationError(
          "database '" + settings.display_name + "' stays in journal mode '" + mode +
              "'; expected WAL, which needs a local file system with shared memory: move the file",
          "database_url");
    } catch (SessionError const& error) {
      bool const may_pass = error.failure() == Failure::again && error.sqlstate() != "SQLITE_FULL";
      if (!may_pass || std::chrono::steady_clock::now() >= deadline) throw;
    }
    std::this_thread::sleep_for(1ms);
  }
}

/// Ends the transaction in every case.
class Exclusively {
 public:
  explicit Exclusively(Connection& connection) : connection_(connection) {
    // What the trial migration_race must notice.
    static bool const unlocked = is_sabotaged("migration_without_lock");
    connection_.run(unlocked ? "BEGIN" : "BEGIN EXCLUSIVE", "migrate");
  }
  ~Exclusively() {
    if (committed_) return;
    try {
      connection_.run("ROLLBACK", "migrate");
    } catch (SessionError const&) {  // SQLite has rolled back by itself
    }
  }
  Exclusively(Exclusively const&) = delete;
  Exclusively& operator=(Exclusively const&) = delete;
  void commit() {
    connection_.run("COMMIT", "migrate");
    committed_ = true;
  }

 private:
  Connection& connection_;
  bool committed_ = false;
};

void migrate(Connection& connection, Schema& schema, std::span<Migration const> steps) {
  for (;;) {
    Exclusively transaction{connection};
    auto const applied = schema.check();  // another process may have been faster
    if (applied == steps.size()) return;
    if (applied == 0) schema.create_table();
    schema.apply(steps[applied]);
    transaction.commit();
  }
}

}  // namespace

std::size_t bring_up_to_date(Connection& connection, ConnectionSettings const& settings,
                             std::span<Migration const> steps) {
  Schema schema{connection, settings, steps};
  try {
    auto const applied = schema.check();
    if (settings.read_only) {
      if (applied != steps.size())
        schema.refuse("has schema version " + std::to_string(applied) + ", this library needs " +
                      std::to_string(steps.size()) +
                      "; expected an up-to-date schema with mode=ro: open it once for writing");
      return applied;
    }
    connection.accept_file();
    if (settings.path != ":memory:") switch_to_wal(connection, settings);
    if (applied != steps.size()) migrate(connection, schema, steps);
    return applied;
  } catch (SessionError const& error) {
    refuse_file(error, settings.display_name);
  }
}

std::string script(std::size_t from, std::span<Migration const> steps) {
  std::string text = "BEGIN EXCLUSIVE;\n\n";
  if (from == 0) {
    text += std::string{create_migrations_table.sqlite} + ";\n";
  } else {
    // SQL outside of a trigger can refuse nothing, but a constraint can.
    auto const version = std::to_string(from);
    text += "CREATE TEMP TABLE found (version CONSTRAINT \"version is not " + version +
            ": print this with another --from\" CHECK (version = " + version +
            "));\nINSERT INTO found SELECT count(*) FROM main.schema_migrations;\n"
            "DROP TABLE temp.found;\n";
  }
  for (auto const& step : steps.subspan(from))
    text += "\n" + std::string{step.sql} + "\n" +
            with_values(std::string{record_migration.sqlite},
                        {std::to_string(step.version), as_literal(step.name),
                         as_literal(sha256_hex(step.sql)), "unixepoch() * 1000000"}) +
            ";\n";
  return text + "\nCOMMIT;\n";
}

}  // namespace cloacina::backend::sqlite
