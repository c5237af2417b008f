#include "harness/stored.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <string>

#include <pqxx/pqxx>

namespace bench {
namespace {

std::uint64_t ask_file(std::filesystem::path const& file, std::string const& sql) {
  sqlite3* opened = nullptr;
  int const code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> const connection{opened, &sqlite3_close};
  auto const fail = [&] {
    return std::runtime_error{"cannot read " + file.string() + ": " + sqlite3_errmsg(opened)};
  };
  if (code != SQLITE_OK) throw fail();
  // The last one to close a database writes its log back, which is the runner's business.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(opened, 10'000);
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(opened, sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) throw fail();
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> const statement{prepared,
                                                                             &sqlite3_finalize};
  if (sqlite3_step(prepared) != SQLITE_ROW) throw fail();
  return static_cast<std::uint64_t>(sqlite3_column_int64(prepared, 0));
}

std::uint64_t ask_server(Place const& place, std::string const& sql) {
  pqxx::connection connection{place.server};
  pqxx::nontransaction session{connection};
  session.exec("SET search_path TO " + place.schema);
  return session.exec(sql)[0][0].as<std::uint64_t>();
}

std::uint64_t ask(Place const& place, std::string const& sql) {
  return place.is_file() ? ask_file(place.file, sql) : ask_server(place, sql);
}

}  // namespace

std::uint64_t stored_commits(Place const& place) {
  return ask(place, "SELECT coalesce(sum(commit_seq), 0) FROM runners");
}

std::uint64_t completed_executions(Place const& place) {
  return ask(place, "SELECT count(*) FROM workflow_executions WHERE status = 'Completed'");
}

std::uint64_t completed_tasks(Place const& place) {
  return ask(place, "SELECT count(*) FROM task_executions WHERE status = 'Completed'");
}

std::uint64_t stored_delta_bytes(Place const& place) {
  return ask(place,
             place.is_file()
                 ? "SELECT coalesce(sum(length(CAST(delta AS BLOB))), 0) FROM task_executions"
                 : "SELECT coalesce(sum(octet_length(delta)), 0) FROM task_executions");
}

bool has_unfinished(Place const& place) {
  thread_local std::unique_ptr<pqxx::connection> connection;
  if (!connection) connection = std::make_unique<pqxx::connection>(place.server);
  auto const table = place.schema + ".workflow_executions";
  return pqxx::nontransaction{*connection}
      .exec("SELECT EXISTS (SELECT 1 FROM " + table +
            " WHERE owner IS NOT NULL) OR EXISTS (SELECT 1 FROM " + table +
            " WHERE owner IS NULL AND status IN ('Pending', 'Running') AND start_after IS NULL)")[0]
                                                                                                 [0]
      .as<bool>();
}

ServerCost server_cost(Place const& place) {
  pqxx::connection connection{place.server};
  pqxx::nontransaction session{connection};
  auto const row = session.exec(
      "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), sum(pg_table_size(relid)),"
      " sum(pg_indexes_size(relid)), sum(n_tup_upd), sum(n_tup_hot_upd),"
      " (SELECT count(*) FROM pg_stat_activity"
      "  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"
      " FROM pg_stat_user_tables WHERE schemaname = " +
      session.quote(place.schema))[0];
  auto const number = [&row](int column) { return row[column].as<double>(); };
  return {number(0), number(1), number(2), number(3), number(4), number(5)};
}

void drop_schema(Place const& place) {
  pqxx::connection connection{place.server};
  pqxx::quiet_errorhandler const quiet{connection};
  pqxx::nontransaction{connection}.exec("DROP SCHEMA IF EXISTS " + place.schema + " CASCADE");
}

}  // namespace bench
