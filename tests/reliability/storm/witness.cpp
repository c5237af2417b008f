#include "witness.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

namespace cloacina::storm {
namespace {

[[noreturn]] void give_up(std::string const& what) {
  std::fprintf(stderr, "storm worker: %s\n", what.c_str());
  std::_Exit(3);
}

/// A reader that shares nothing with the library but the database.
class StatusReader {
 public:
  virtual ~StatusReader() = default;
  virtual std::string status(ExecutionId id, std::string const& task) = 0;
};

class FileReader final : public StatusReader {
 public:
  explicit FileReader(std::filesystem::path const& database) {
    sqlite3* connection = nullptr;
    int const code = sqlite3_open_v2(database.c_str(), &connection,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    connection_.reset(connection);
    if (code != SQLITE_OK) give_up("cannot open the database to look at it");
    sqlite3_busy_timeout(connection, 5'000);
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v3(connection,
                       "SELECT status FROM task_executions WHERE execution_id = ? AND task = ?", -1,
                       SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    if (!statement) give_up(sqlite3_errmsg(connection));
  }

  std::string status(ExecutionId id, std::string const& task) override {
    auto const bytes = id.bytes();
    sqlite3_bind_blob(statement_.get(), 1, bytes.data(), 16, SQLITE_STATIC);
    sqlite3_bind_text(statement_.get(), 2, task.data(), static_cast<int>(task.size()),
                      SQLITE_STATIC);
    std::string found = "none";
    int const code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) {
      found = reinterpret_cast<char const*>(sqlite3_column_text(statement_.get(), 0));
    } else if (code != SQLITE_DONE) {
      give_up(sqlite3_errmsg(connection_.get()));
    }
    sqlite3_reset(statement_.get());
    return found;
  }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3, Close> connection_;
  std::unique_ptr<sqlite3_stmt, Close> statement_;
};

class SchemaReader final : public StatusReader {
 public:
  /// `url` ends with `?schema=…` or `&schema=…`, and perhaps other options.
  explicit SchemaReader(std::string const& url)
      : connection_(url.substr(0, url.find("schema=") - 1)) {
    auto const schema = url.substr(url.find("schema=") + 7);
    connection_.prepare("status", "SELECT status FROM " + schema.substr(0, schema.find('&')) +
                                      ".task_executions WHERE execution_id = $1 AND task = $2");
  }
  std::string status(ExecutionId id, std::string const& task) override {
    pqxx::nontransaction session{connection_};
    auto const rows = session.exec_prepared("status", id.to_string(), task);
    return rows.empty() ? "none" : rows[0][0].c_str();
  }

 private:
  pqxx::connection connection_;
};

std::unique_ptr<StatusReader> reader_of(std::string const& url) {
  if (url.starts_with("postgres")) return std::make_unique<SchemaReader>(url);
  return std::make_unique<FileReader>(url.substr(url.find("://") + 3));
}

/// The reader of this thread, made anew when the server has ended it, and when it is there again.
std::string status_of(std::string const& url, ExecutionId id, std::string const& task) {
  thread_local std::unique_ptr<StatusReader> reader;
  constexpr int most_tries = 600;
  for (int tries = 1;; ++tries) {
    try {
      if (!reader) reader = reader_of(url);
      return reader->status(id, task);
    } catch (std::exception const& error) {
      if (tries == most_tries) give_up(error.what());
      reader.reset();
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
  }
}

}  // namespace

Witness::Witness(std::string database_url, std::filesystem::path const& file)
    : database_url_(std::move(database_url)), file_(file) {}

std::string Witness::began(Start const& start) {
  auto const pid = ::getpid();
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  auto value = std::to_string(pid) + "." + std::to_string(now.tv_sec % 100'000) + "." +
               std::to_string(runs_.fetch_add(1));

  Json dependencies = Json::object();
  for (auto const& task : start.dependencies)
    dependencies[task] = status_of(database_url_, start.execution, task);
  Json seen = Json::object();
  for (auto const& [key, given] : start.given) seen[key] = given;
  Json const line{{"execution", start.execution.to_string()},
                  {"task", start.task},
                  {"attempt", start.attempt},
                  {"pid", pid},
                  {"value", value},
                  {"after", dependencies},
                  {"given", seen}};
  file_.append(line.dump());
  return value;
}

}  // namespace cloacina::storm
