#include "unit/dal/traced_statements.hpp"

#include <sqlite3.h>

#include <mutex>
#include <stdexcept>

namespace cloacina::test {
namespace {

std::mutex mutex;
std::set<std::string> seen;

int note(unsigned, void*, void* statement, void*) {
  char const* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
  std::lock_guard lock{mutex};
  if (sql != nullptr) seen.insert(sql);
  return 0;
}

int trace_new_connection(sqlite3* connection, char**, void const*) {
  return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, note, nullptr);
}

/// SQLite's own type for entry points of extensions, which is not the type that it calls them with.
void (*entry_point())() { return reinterpret_cast<void (*)()>(trace_new_connection); }

}  // namespace

TracedStatements::TracedStatements() {
  clear();
  sqlite3_auto_extension(entry_point());
}

TracedStatements::~TracedStatements() { sqlite3_cancel_auto_extension(entry_point()); }

void TracedStatements::clear() {
  std::lock_guard lock{mutex};
  seen.clear();
}

std::set<std::string> TracedStatements::texts() const {
  std::lock_guard lock{mutex};
  return seen;
}

std::vector<std::string> plan_of(std::string const& path, std::string const& sql) {
  sqlite3* connection = nullptr;
  sqlite3_stmt* statement = nullptr;
  std::vector<std::string> lines;
  sqlite3_open(path.c_str(), &connection);
  if (sqlite3_prepare_v2(connection, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &statement,
                         nullptr) != SQLITE_OK)
    throw std::runtime_error{std::string{"no plan: "} + sqlite3_errmsg(connection)};
  while (sqlite3_step(statement) == SQLITE_ROW) {
    auto& line =
        lines.emplace_back(reinterpret_cast<char const*>(sqlite3_column_text(statement, 3)));
    if (auto const schema = line.find(" main."); schema != std::string::npos)
      line.erase(schema + 1, 5);
  }
  sqlite3_finalize(statement);
  sqlite3_close(connection);
  return lines;
}

}  // namespace cloacina::test
