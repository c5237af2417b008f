#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "core/cron.hpp"

namespace cloacina::engine {

/// Where this system keeps its time zones: the directory that the environment variable TZDIR names,
/// else the first that is there of those where systems have it; empty if none is.
[[nodiscard]] std::filesystem::path zone_directory();

/// The time zones of a directory, by the rules that its files have at the moment: whoever holds a
/// zone keeps its rules, whoever asks again gets those of today. Thread-safe.
class TimeZones {
 public:
  explicit TimeZones(std::filesystem::path directory = zone_directory());

  /// Blocks for one look at the file (some microseconds); reads it if it is new or has changed.
  /// "UTC" is there without any file. Throws `ValidationError` about "timezone" if there is none of
  /// this name.
  [[nodiscard]] std::shared_ptr<TimeZone const> find(std::string_view name);

 private:
  struct Known {
    struct stat file;  ///< as it was before it was read
    std::shared_ptr<TimeZone const> zone;
  };

  std::filesystem::path const directory_;
  std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;
};

/// `TimeZones::find` among those of the system, which all of a process share.
[[nodiscard]] std::shared_ptr<TimeZone const> find_zone(std::string_view name);

}  // namespace cloacina::engine
