// A disk that can lose its power: an SQLite VFS that keeps what was written and not yet synced in
// memory, and lets a random part of it survive.
#pragma once

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

/// Makes itself SQLite's default VFS. Of every sector (512 bytes) that was written since its file
/// was last synced, a cut leaves the old content or any that was written since, drawn for each
/// sector alone; of a file's unsynced length, the old one or the new. The real files hold what is
/// certain, until the cut writes what survived. One process: other processes would not see what is
/// unsynced. Thread-safe.
class PowerCutVfs {
 public:
  /// The power fails in the middle of the `cut_at`-th write or sync, counted from 1; 0: never.
  PowerCutVfs(std::uint64_t seed, std::uint64_t cut_at);
  PowerCutVfs(PowerCutVfs const&) = delete;
  PowerCutVfs& operator=(PowerCutVfs const&) = delete;

  /// Ends the process with this code when the power fails.
  static constexpr int exit_code = 75;

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
  [[noreturn]] void cut();

  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_;
  std::mutex mutex_;
  std::mt19937_64 dice_;
  std::uint64_t cut_at_;
  std::uint64_t operations_ = 0;
  std::map<std::string, std::shared_ptr<Unsynced>> files_;  // by path
};

}  // namespace cloacina::test
