// What strangers may have written into our tables: one column of a good database is overwritten;
// everything that reads it has to answer or to refuse, and a runner goes on with its other work.
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>

#include <cloacina/cloacina.hpp>

#include "targets.hpp"

using namespace std::chrono_literals;

namespace cloacina::fuzz {
namespace {

struct Cell {
  std::string table;
  std::string column;
};

struct Close {
  void operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

/// Another program's connection, which keeps to no rule of ours.
class Stranger {
 public:
  explicit Stranger(std::string const& file) {
    sqlite3* connection = nullptr;
    int const code = sqlite3_open(file.c_str(), &connection);
    connection_.reset(connection);
    if (code != SQLITE_OK) throw std::runtime_error{"the database cannot be opened"};
    execute("PRAGMA ignore_check_constraints=ON");
    execute("PRAGMA synchronous=OFF");
    execute("PRAGMA foreign_keys=OFF");
  }

  void execute(std::string const& sql) {
    if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK)
      return;
    throw std::runtime_error{sql + ": " + sqlite3_errmsg(connection_.get())};
  }

  /// The first two columns of each row.
  std::vector<Cell> query(std::string const& sql) {
    std::vector<Cell> rows;
    auto const statement = prepare(sql);
    while (sqlite3_step(statement.get()) == SQLITE_ROW)
      rows.push_back({text(statement.get(), 0), text(statement.get(), 1)});
    return rows;
  }

  /// In all rows; false where the database itself refuses it: another type than the column's, a
  /// key twice.
  bool overwrite(Cell const& cell, int type, std::string_view bytes) {
    auto const statement = prepare("UPDATE " + cell.table + " SET " + cell.column + " = ?");
    auto const size = static_cast<int>(bytes.size());
    switch (type % 5) {
      case 0:
        sqlite3_bind_text(statement.get(), 1, bytes.data(), size, SQLITE_STATIC);
        break;
      case 1:
        sqlite3_bind_blob(statement.get(), 1, bytes.data(), size, SQLITE_STATIC);
        break;
      case 2:
        sqlite3_bind_int64(statement.get(), 1, number(bytes));
        break;
      case 3:
        sqlite3_bind_int64(statement.get(), 1, edge(bytes));
        break;
      default:
        sqlite3_bind_null(statement.get(), 1);
    }
    return sqlite3_step(statement.get()) == SQLITE_DONE;
  }

 private:
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  Statement prepare(std::string const& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      throw std::runtime_error{sql + ": " + sqlite3_errmsg(connection_.get())};
    return Statement{statement};
  }

  static std::string text(sqlite3_stmt* statement, int column) {
    auto const* const bytes = sqlite3_column_blob(statement, column);
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
    return bytes == nullptr ? "" : std::string{static_cast<char const*>(bytes), size};
  }

  static std::int64_t number(std::string_view bytes) {
    std::uint64_t number = 0;
    for (auto const byte : bytes.substr(0, 8))
      number = number << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(number);
  }

  /// Chance does not find these.
  static std::int64_t edge(std::string_view bytes) {
    using Large = std::numeric_limits<std::int64_t>;
    constexpr std::int64_t bits32 = 0x1'0000'0000;
    constexpr std::int64_t year_10000 = 253'402'300'800'000'000;
    constexpr std::array edges{Large::min(), Large::max(),   Large::min() + 1, std::int64_t{-1},
                               -bits32 / 2,  bits32 / 2 - 1, bits32 / 2,       bits32 - 1,
                               bits32,       year_10000 - 1, year_10000,       -year_10000};
    return edges[bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]) % edges.size()];
  }

  std::unique_ptr<sqlite3, Close> connection_;
};

/// A directory in memory if the system has files there.
class Scratch {
 public:
  Scratch() {
    auto const* const memory = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    auto directory = std::string{memory} + "/cloacina-fuzz-XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error{"no directory"};
    path_ = directory;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;

  std::string file(std::string const& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string url_of(std::string const& file) { return "sqlite://" + file; }

/// A database with a row in every table that we fill: an execution that has ended, one that was
/// left in the middle, with a failed attempt and an input that is stored apart, and one that
/// somebody wants to have cancelled.
class Database {
 public:
  Database() : file_{scratch_.file("rows.db")} {
    registry_.add(
        WorkflowBuilder{"flow"}
            .task("first", [](TaskContext<>& context) { context.put("x", 1); })
            .task("second", {"first"}, [](TaskContext<>& context) { context.put("y", 2); })
            .build());
    registry_.add(
        WorkflowBuilder{"half"}
            .task("first", TaskSettings{.retry = {.max_attempts = 2, .initial_delay = 0ms}},
                  [](TaskContext<>& context) {
                    if (context.attempt() == 1) throw std::runtime_error{"not yet"};
                  })
            .task(
                "second", {"first"},
                [this](TaskContext<>& context) -> asio::awaitable<void> { return second(context); })
            .build());
    fill();
    Stranger stranger{file_};
    stranger.execute(
        "INSERT INTO control_requests (id, execution_id, kind, requested_at) SELECT randomblob(16),"
        " id, 'cancel', created_at FROM workflow_executions WHERE owner IS NULL AND status ="
        " 'Running' ORDER BY id DESC LIMIT 1");
    stranger.execute("PRAGMA wal_checkpoint(TRUNCATE)");
    cells_ = stranger.query(
        "SELECT m.name, c.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c"
        " WHERE m.type = 'table' ORDER BY 1, 2");
    std::filesystem::copy_file(file_, scratch_.file("kept.db"));
    adopt();
    auto const ends = Stranger{file_}.query(
        "SELECT DISTINCT status, '' FROM workflow_executions WHERE workflow = 'half' ORDER BY 1");
    if (ends.size() != 2 || ends[0].table != "Cancelled" || ends[1].table != "Completed")
      throw std::runtime_error{"a runner does not get as far as to what others have left"};
  }

  void try_cell(std::size_t cell, int type, std::string_view bytes) {
    std::filesystem::copy_file(scratch_.file("kept.db"), file_,
                               std::filesystem::copy_options::overwrite_existing);
    if (!Stranger{file_}.overwrite(cells_[cell % cells_.size()], type, bytes)) return;
    read_all();
    adopt();
  }

 private:
  asio::awaitable<void> second(TaskContext<>& context) {
    reached_ = true;
    if (!adopted_) co_await context.async_sleep_for(1h);
  }

  DefaultRunner::Builder runner() {
    return DefaultRunner::builder().database_url(url_of(file_)).registry(registry_);
  }

  void fill() {
    auto runner = this->runner().build();
    ended_ = runner.execute("flow", Context{{"in", "value"}}).id();
    Context large;
    large.put("large", std::string(2'000, 'x'));
    for (int i = 0; i < 2; ++i) {
      reached_ = false;
      left_ = runner.submit("half", large).id();
      while (!reached_) std::this_thread::yield();
    }
    runner.shutdown(0s);
  }

  void read_all() {
    may_refuse([&] {
      Client client{url_of(file_), registry_};
      may_refuse([&] { (void)client.list(); });
      may_refuse([&] { (void)client.runners(); });
      for (auto const& id : {ended_, left_}) {
        may_refuse([&] { (void)client.status(id); });
        may_refuse([&] {
          auto const result = client.result(id);
          (void)result.to_mermaid();
          (void)result.context().to_json();
        });
      }
    });
  }

  /// Whatever becomes of the row, other work goes on.
  void adopt() {
    adopted_ = true;
    may_refuse([&] {
      auto runner = this->runner().build();
      auto const other = runner.execute("flow", Context{});
      expect(other.status() == WorkflowStatus::completed, "other executions are completed");
      runner.shutdown(1s);
    });
  }

  Scratch scratch_;
  std::string file_;
  Registry registry_;
  ExecutionId ended_{};
  ExecutionId left_{};
  std::atomic<bool> reached_{false};
  std::atomic<bool> adopted_{false};
  std::vector<Cell> cells_;
};

}  // namespace

void try_row(std::string_view input) {
  static Database database;
  if (input.size() < 2) return;
  database.try_cell(static_cast<unsigned char>(input[0]), static_cast<unsigned char>(input[1]),
                    input.substr(2));
}

}  // namespace cloacina::fuzz
