#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backend/session.hpp"
#include "backend/sqlite/prepared.hpp"

struct sqlite3;

namespace cloacina::backend::sqlite {

/// What a connection is for.
enum class Role : unsigned char {
  opener,  ///< looks at a file that may have to be left as it is: writes nothing by itself, not
           ///< even at its end
  writer,
  reader,  ///< refuses to write
};

struct ConnectionSettings {
  std::string path;  ///< resolved; ":memory:" for a database of this connection alone
  std::string display_name;
  bool read_only = false;
  bool synchronous_full = true;
  std::chrono::milliseconds busy_timeout{5'000};
  /// Where a writer notes how many pages the log holds, at each of its commits.
  std::shared_ptr<std::atomic<std::uint64_t>> log_pages{};
};

/// An SQLite connection as this library uses one: its settings, its busy handler and its prepared
/// statements. One thread at a time.
class Connection {
 public:
  /// Throws `SessionError`.
  Connection(ConnectionSettings const& settings, Role role);
  ~Connection();
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  /// From now on the log is written back when the last connection closes; an opener found the file
  /// to be ours.
  void accept_file();

  [[nodiscard]] sqlite3* handle() noexcept { return handle_; }
  /// Prepared for so many rows at its first use and kept; looked up by the statement's address.
  [[nodiscard]] Prepared& prepared(Statement const& statement, std::size_t rows = 1);
  /// Runs SQL without parameters and results, possibly many statements. Throws `SessionError`.
  void run(char const* sql, std::string_view doing);
  /// The first column of the first row, as text; empty if there is none. Throws `SessionError`.
  [[nodiscard]] std::string ask(char const* sql, std::string_view doing);

  /// For the one connection of an in-memory database, which all sessions share: held from begin to
  /// commit or rollback.
  [[nodiscard]] std::mutex& turn() noexcept { return turn_; }

 private:
  static int on_busy(void* self, int times) noexcept;
  static int on_logged(void* self, sqlite3*, char const* schema, int pages) noexcept;
  [[nodiscard]] bool wait_for_lock(int times) noexcept;
  void configure(ConnectionSettings const& settings, Role role);

  sqlite3* handle_ = nullptr;
  // By rows; few.
  using Widths = std::vector<std::pair<std::size_t, std::unique_ptr<Prepared>>>;
  std::unordered_map<Statement const*, Widths> statements_;
  std::chrono::milliseconds busy_timeout_;
  std::chrono::steady_clock::time_point busy_deadline_{};
  std::uint64_t jitter_;
  std::shared_ptr<std::atomic<std::uint64_t>> log_pages_;
  std::mutex turn_;
};

}  // namespace cloacina::backend::sqlite
