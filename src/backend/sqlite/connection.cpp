#include "backend/sqlite/connection.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <system_error>
#include <thread>

#include "backend/sqlite/errors.hpp"
#include "core/sabotage.hpp"

namespace cloacina::backend::sqlite {
namespace {

using namespace std::chrono_literals;

// SQLite's own handler backs off up to 100 ms and starves: of four busy processes one got 22 % of
// its share. Short waits that are drawn evenly are fair.
constexpr auto shortest_wait = 150us;
constexpr auto spread_of_waits = 300us;

std::uint64_t next_random(std::uint64_t& state) noexcept {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

int open_flags(ConnectionSettings const& settings) noexcept {
  // No SQLITE_OPEN_CREATE: a new file is made beforehand, with its mode. No SQLITE_OPEN_URI: the
  // path is just a path. NOFOLLOW: the path was resolved; a link put there since then is somebody's
  // trick.
  int const access = settings.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (settings.path == ":memory:")
    return access | SQLITE_OPEN_MEMORY | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  return access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
}

void set_option(sqlite3* handle, int option, int value) noexcept {
  sqlite3_db_config(handle, option, value, nullptr);
}

}  // namespace

Connection::Connection(ConnectionSettings const& settings, Role role)
    : busy_timeout_(settings.busy_timeout),
      jitter_(
          reinterpret_cast<std::uintptr_t>(this) ^
          static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
          1u),
      log_pages_(settings.log_pages) {
  int const code = sqlite3_open_v2(settings.path.c_str(), &handle_, open_flags(settings), nullptr);
  try {
    if (handle_ == nullptr) throw std::bad_alloc{};
    if (code != SQLITE_OK) throw session_error(handle_, code, "open");
    configure(settings, role);
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(handle_);
}

void Connection::configure(ConnectionSettings const& settings, Role role) {
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_handler(handle_, &Connection::on_busy, this);
  // What the trial busy_storm must notice: SQLite's own handler starves.
  static bool const starving = is_sabotaged("sqlite_busy_handler");
  if (starving) sqlite3_busy_timeout(handle_, static_cast<int>(busy_timeout_.count()));
  set_option(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
  set_option(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1);
  set_option(handle_, SQLITE_DBCONFIG_DQS_DML, 0);
  set_option(handle_, SQLITE_DBCONFIG_DQS_DDL, 0);
  set_option(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, 1);
  // Without a log before, there is nothing to write back at the end, only the log's own files to be
  // removed.
  std::error_code error;
  if (role == Role::opener && std::filesystem::exists(settings.path + "-wal", error))
    set_option(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1);
  // Checkpoints are a reader thread's, so that they are in nobody's latency.
  run("PRAGMA wal_autocheckpoint=0", "settings");
  if (role == Role::writer && log_pages_) sqlite3_wal_hook(handle_, &Connection::on_logged, this);
  run(settings.synchronous_full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
      "settings");
  // Room for a group's pages: what does not fit would be written to the log twice.
  run("PRAGMA cache_size=-16384", "settings");
  run("PRAGMA temp_store=MEMORY", "settings");
  if (role == Role::reader) run("PRAGMA query_only=ON", "settings");
}

void Connection::accept_file() { set_option(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0); }

Prepared& Connection::prepared(Statement const& statement, std::size_t rows) {
  auto& widths = statements_[&statement];
  for (auto const& [width, prepared] : widths)
    if (width == rows) return *prepared;
  return *widths.emplace_back(rows, std::make_unique<Prepared>(handle_, statement, rows)).second;
}

void Connection::run(char const* sql, std::string_view doing) {
  int const code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw session_error(handle_, code, doing);
}

std::string Connection::ask(char const* sql, std::string_view doing) {
  Statement const statement{doing, sql};
  Prepared once{handle_, statement};
  auto const rows = once.collect();
  return rows.empty() || rows.is_null(0, 0) ? std::string{} : rows.text(0, 0);
}

int Connection::on_busy(void* self, int times) noexcept {
  return static_cast<Connection*>(self)->wait_for_lock(times) ? 1 : 0;
}

int Connection::on_logged(void* self, sqlite3*, char const*, int pages) noexcept {
  static_cast<Connection*>(self)->log_pages_->store(static_cast<std::uint64_t>(pages),
                                                    std::memory_order_relaxed);
  return SQLITE_OK;
}

bool Connection::wait_for_lock(int times) noexcept {
  auto const now = std::chrono::steady_clock::now();
  if (times == 0) busy_deadline_ = now + busy_timeout_;
  if (now >= busy_deadline_) return false;
  auto const spread = std::chrono::microseconds{
      next_random(jitter_) % static_cast<std::uint64_t>(spread_of_waits.count())};
  std::this_thread::sleep_for(shortest_wait + spread);
  return true;
}

}  // namespace cloacina::backend::sqlite
