// What strangers may have written into our tables: one cell of a good database is overwritten, and
// everything that reads it has to answer or to refuse.
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include <cloacina/cloacina.hpp>

#include "targets.hpp"

namespace cloacina::fuzz {
namespace {

/// The cells that are overwritten: the first byte of an input chooses one, the second its type.
struct Cell {
  char const* table;
  char const* column;
};
constexpr std::array cells{Cell{"workflow_executions", "status"},
                           Cell{"workflow_executions", "workflow"},
                           Cell{"workflow_executions", "version"},
                           Cell{"workflow_executions", "owner"},
                           Cell{"workflow_executions", "created_at"},
                           Cell{"workflow_executions", "completed_at"},
                           Cell{"workflow_executions", "takeovers"},
                           Cell{"workflow_executions", "priority"},
                           Cell{"workflow_executions", "error"},
                           Cell{"workflow_executions", "input"},
                           Cell{"workflow_executions", "output"},
                           Cell{"task_executions", "task"},
                           Cell{"task_executions", "status"},
                           Cell{"task_executions", "attempt"},
                           Cell{"task_executions", "delta"},
                           Cell{"task_executions", "wake_at"},
                           Cell{"workflow_definitions", "definition"},
                           Cell{"runners", "state"},
                           Cell{"runners", "name"}};

struct Close {
  void operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, Close>;

/// A database with one execution that has ended, in memory if the system has files there.
class Database {
 public:
  Database() {
    auto const* const memory = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    auto directory = std::string{memory} + "/cloacina-fuzz-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error{"no directory"};
    directory_ = directory;
    registry_.add(
        WorkflowBuilder{"flow"}
            .task("first", [](TaskContext<>& context) { context.put("x", 1); })
            .task("second", {"first"}, [](TaskContext<>& context) { context.put("y", 2); })
            .build());
    {
      auto runner = DefaultRunner::builder().database_url(url()).registry(registry_).build();
      id_ = runner.execute("flow", Context{{"in", "value"}}).id();
    }
    client_ = std::make_unique<Client>(url(), registry_);
    sqlite3* connection = nullptr;
    if (sqlite3_open(file().c_str(), &connection) != SQLITE_OK)
      throw std::runtime_error{"the database cannot be opened"};
    raw_.reset(connection);
    execute("PRAGMA ignore_check_constraints=ON");
    execute("PRAGMA synchronous=OFF");
    execute("PRAGMA foreign_keys=OFF");
  }
  ~Database() {
    client_.reset();
    raw_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Database(Database const&) = delete;
  Database& operator=(Database const&) = delete;

  void try_cell(Cell const& cell, int type, std::string_view bytes) {
    auto const name = std::string{cell.table};
    execute("CREATE TEMP TABLE kept AS SELECT * FROM main." + name);
    if (overwrite(cell, type, bytes)) read_all();
    execute("BEGIN");
    execute("DELETE FROM main." + name);
    execute("INSERT INTO main." + name + " SELECT * FROM temp.kept");
    execute("COMMIT");
    execute("DROP TABLE temp.kept");
    // As it was: nothing else was changed by who read.
    expect(client_->result(id_).context().get("y") == 2, "the row is as it was before");
  }

 private:
  std::string file() const { return (directory_ / "rows.db").string(); }
  std::string url() const { return "sqlite://" + file(); }

  void execute(std::string const& sql) {
    if (sqlite3_exec(raw_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return;
    throw std::runtime_error{sql + ": " + sqlite3_errmsg(raw_.get())};
  }

  /// False where the database itself refuses it: another type than the column's, a key twice.
  bool overwrite(Cell const& cell, int type, std::string_view bytes) {
    auto const sql = std::string{"UPDATE "} + cell.table + " SET " + cell.column + " = ?";
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(raw_.get(), sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK)
      throw std::runtime_error{sql + ": " + sqlite3_errmsg(raw_.get())};
    std::unique_ptr<sqlite3_stmt, Close> const statement{prepared};
    auto const size = static_cast<int>(bytes.size());
    std::uint64_t number = 0;
    for (auto const byte : bytes.substr(0, 8))
      number = number << 8 | static_cast<unsigned char>(byte);
    switch (type % 4) {
      case 0:
        sqlite3_bind_text(prepared, 1, bytes.data(), size, SQLITE_STATIC);
        break;
      case 1:
        sqlite3_bind_blob(prepared, 1, bytes.data(), size, SQLITE_STATIC);
        break;
      case 2:
        sqlite3_bind_int64(prepared, 1, static_cast<std::int64_t>(number));
        break;
      default:
        sqlite3_bind_null(prepared, 1);
    }
    return sqlite3_step(prepared) == SQLITE_DONE;
  }

  void read_all() {
    may_refuse([&] { (void)client_->status(id_); });
    may_refuse([&] { (void)client_->list(); });
    may_refuse([&] { (void)client_->runners(); });
    may_refuse([&] {
      auto const result = client_->result(id_);
      (void)result.to_mermaid();
      (void)result.context().to_json();
    });
  }

  std::filesystem::path directory_;
  Registry registry_;
  ExecutionId id_{};
  std::unique_ptr<Client> client_;
  Connection raw_;
};

}  // namespace

void try_row(std::string_view input) {
  static Database database;
  if (input.size() < 2) return;
  auto const cell = static_cast<unsigned char>(input[0]) % cells.size();
  database.try_cell(cells[cell], static_cast<unsigned char>(input[1]), input.substr(2));
}

}  // namespace cloacina::fuzz
