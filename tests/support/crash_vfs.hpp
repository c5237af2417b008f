// A disk that a process can die on: an SQLite VFS that kills it at a chosen operation, or lets the
// power fail, so that a random part of what was not yet synced survives.
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
/// database, its log and its journal. Thread-safe.
///
/// A power cut leaves of every sector (512 bytes) that was written since its file was last synced
/// the old content or any that was written since, drawn for each sector alone; of a file's unsynced
/// length, the old one or the new. The real files hold what is certain, until the cut writes what
/// survived: other processes do not see what is unsynced.
class CrashVfs {
 public:
  enum class Crash : std::uint8_t {
    kill,       ///< SIGKILL before the operation
    power_cut,  ///< in the middle of it
  };
  /// At the `at`-th operation, counted from 1; 0: never.
  CrashVfs(Crash crash, std::uint64_t at, std::uint64_t seed = 0);
  CrashVfs(CrashVfs const&) = delete;
  CrashVfs& operator=(CrashVfs const&) = delete;

  /// Ends the process with this code when the power fails.
  static constexpr int exit_code = 75;

  [[nodiscard]] std::uint64_t operations() const noexcept { return operations_; }

 private:
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
  void count_one_operation();
  [[noreturn]] void cut_power();

  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_;
  std::mutex mutex_;
  std::mt19937_64 dice_;
  Crash crash_;
  std::uint64_t at_;
  std::atomic<std::uint64_t> operations_{0};
  std::map<std::string, std::shared_ptr<Unsynced>> files_;  // by path
};

}  // namespace cloacina::test
