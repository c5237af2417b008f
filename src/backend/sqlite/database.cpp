#include "backend/sqlite/database.hpp"

#include <sqlite3.h>
#include <time.h>

#include <algorithm>
#include <fstream>

#include "backend/sqlite/errors.hpp"
#include "backend/sqlite/file.hpp"
#include "backend/sqlite/schema.hpp"
#include "backend/sqlite/session.hpp"

namespace cloacina::backend::sqlite {
namespace {

/// A page and its header in the log.
constexpr std::uint64_t frame_bytes = 4096 + 24;

/// A forced checkpoint keeps writers out while it waits for readers: no longer than this.
constexpr std::chrono::milliseconds longest_hold{250};

/// Moved by neither clock jumps nor suspend, and the same for all processes of this kernel (R6).
std::chrono::microseconds kernel_clock() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec});
}

/// Two processes of which one could not read it would take each other for dead.
std::string read_boot_id() {
  auto const* const path = "/proc/sys/kernel/random/boot_id";
  std::string id;
  std::ifstream file{path};
  if (std::getline(file, id) && !id.empty()) return id;
  throw ConfigurationError{
      std::string{path} +
      " cannot be read; expected the id of this boot, by which runners know that "
      "another one's lease is none of an earlier boot's: mount /proc"};
}

ConnectionSettings settings_of(DatabaseUrl const& url) {
  return {.path = url.memory ? ":memory:" : resolve_path(url),
          .display_name = url.display(),
          .read_only = url.mode == DatabaseUrl::Mode::ro,
          .synchronous_full = url.synchronous == DatabaseUrl::Synchronous::full,
          .busy_timeout = url.busy_timeout,
          .log_pages = std::make_shared<std::atomic<std::uint64_t>>(0)};
}

/// What the first connection meets is due to the file; what later ones meet passes, as of any
/// session.
std::shared_ptr<Connection> open_first(ConnectionSettings const& settings, Role role) {
  try {
    return std::make_shared<Connection>(settings, role);
  } catch (SessionError const& error) {
    refuse_file(error, settings.display_name);
  }
}

}  // namespace

SqliteDatabase::SqliteDatabase(DatabaseUrl const& url, OpenOptions options)
    : options_(std::move(options)), settings_(settings_of(url)), boot_id_(read_boot_id()) {
  if (!options_.lease_clock) options_.lease_clock = kernel_clock;
  if (!url.memory) {
    create_if_wanted(url, settings_.path);
    file_.emplace(settings_.path, settings_.display_name);
  }
  auto opener = open_first(settings_, url.memory ? Role::writer : Role::opener);
  steps_found_ = bring_up_to_date(*opener, settings_);
  if (url.memory) shared_ = std::move(opener);
  readers_ = make_reader_pool(options_.max_readers, [settings = settings_, fault = options_.fault] {
    return std::make_unique<SqliteSession>(std::make_shared<Connection>(settings, Role::reader),
                                           false, fault);
  });
}

std::unique_ptr<Session> SqliteDatabase::open_writer() {
  if (settings_.read_only)
    throw ConfigurationError("database '" + settings_.display_name +
                                 "' was opened with mode=ro and cannot be written; "
                                 "expected mode=rw or mode=rwc: change the URL",
                             "database_url");
  auto connection = in_memory() ? shared_ : std::make_shared<Connection>(settings_, Role::writer);
  return std::make_unique<SqliteSession>(std::move(connection), in_memory(), options_.fault);
}

Database::Reader SqliteDatabase::reader() {
  if (!in_memory()) return readers_->take();
  return {new SqliteSession(shared_, true, options_.fault),
          [](Session* session) { delete session; }};
}

std::chrono::microseconds SqliteDatabase::lease_now() { return options_.lease_clock(); }

std::string SqliteDatabase::boot_id() { return boot_id_; }

std::uint64_t SqliteDatabase::checkpoint(bool force) {
  if (in_memory() || settings_.read_only) return 0;
  std::lock_guard lock{checkpoint_mutex_};
  if (!checkpointer_) {
    auto settings = settings_;
    settings.busy_timeout = std::min(settings.busy_timeout, longest_hold);
    checkpointer_ = std::make_unique<Connection>(settings, Role::writer);
  }
  int in_log = 0;
  // RESTART, not TRUNCATE: a log that keeps its blocks is written and synced faster than one that
  // grows again.
  int const code = sqlite3_wal_checkpoint_v2(
      checkpointer_->handle(), "main",
      force ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, &in_log, nullptr);
  // Busy: somebody else checkpoints, or readers stayed past the deadline. What is in the log
  // counts.
  if (code != SQLITE_OK && code != SQLITE_BUSY)
    throw session_error(checkpointer_->handle(), code, "checkpoint");
  if (in_log <= 0 || (force && code == SQLITE_OK)) return 0;  // the next writer begins it again
  return static_cast<std::uint64_t>(in_log) * frame_bytes;
}

std::uint64_t SqliteDatabase::log_bytes() const noexcept {
  return settings_.log_pages->load(std::memory_order_relaxed) * frame_bytes;
}

int SqliteDatabase::schema_version() const noexcept { return migrations().back().version; }

}  // namespace cloacina::backend::sqlite
