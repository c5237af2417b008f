// A disk that a process can die on: an SQLite VFS that kills it at a chosen operation, lets the
// power fail, so that a random part of what was not yet synced survives, or reports an error.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace cloacina::test {

/// Makes itself SQLite's default VFS, and counts writes, truncations, syncs and removals of the
/// database, its log and its journal; for `io_error` also what is opened, mapped and read, for
/// `full` nothing but writes. Thread-safe.
///
/// A power cut leaves of every sector (512 bytes) that was written since its file was last synced
/// the old content or any that was written since, drawn for each sector alone; of a file's unsynced
/// length, the old one or the new. The real files hold what is certain, until the cut writes what
/// survived: other processes do not see what is unsynced.
///
/// An operation that reports an error has done nothing; a write has done its first half.
class CrashVfs {
 public:
  enum class Crash : std::uint8_t {
    kill,       ///< SIGKILL before the operation
    power_cut,  ///< in the middle of it
    io_error,   ///< it fails, and so do the next ones
    full,       ///< there is no room for it, nor for the next ones
  };
  /// At the `at`-th operation, counted from 1; 0: never. So many report an error, from that on.
  CrashVfs(Crash crash, std::uint64_t at, std::uint64_t seed = 0, std::uint64_t failures = 1);
  /// After all connections.
  ~CrashVfs();
  CrashVfs(CrashVfs const&) = delete;
  CrashVfs& operator=(CrashVfs const&) = delete;

  /// Ends the process with this code when the power fails.
  static constexpr int exit_code = 75;

  [[nodiscard]] std::uint64_t operations() const noexcept { return operations_; }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }

 private:
  enum class Operation : std::uint8_t { open, read, map, write, truncate, sync, remove };
  struct Methods;
  struct File;
  using Sector = std::vector<unsigned char>;

  /// What a file holds beyond its certain content. Shared by all connections that have it open.
  struct Unsynced {
    sqlite3_int64 size = 0;
    sqlite3_int64 synced_size = 0;
    std::map<sqlite3_int64, std::vector<Sector>> sectors;  // all contents since the last sync
  };

  [[nodiscard]] std::shared_ptr<Unsynced> unsynced_of(std::string const& path, sqlite3_file* real);
  Sector current(File const& file, sqlite3_int64 sector) const;
  void write(File& file, unsigned char const* data, int size, sqlite3_int64 offset);
  void truncate(File& file, sqlite3_int64 size);
  int sync(File& file, int flags);
  [[nodiscard]] bool counts(Operation operation) const noexcept;
  /// Counts it; the process may end here. True: it reports an error.
  [[nodiscard]] bool fails(Operation operation);
  [[noreturn]] void cut_power();

  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_;
  std::mutex mutex_;
  std::mt19937_64 dice_;
  Crash crash_;
  std::uint64_t at_;
  std::uint64_t failures_;
  std::atomic<std::uint64_t> operations_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::map<std::string, std::shared_ptr<Unsynced>> files_;  // by path
};

}  // namespace cloacina::test
