#include "engine/time_zones.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <utility>
#include <vector>

#include <cloacina/error.hpp>

#include "core/ascii.hpp"
#include "core/nearest.hpp"
#include "core/utf8.hpp"
#include "core/zone_file.hpp"

namespace cloacina::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_name = 128;
constexpr off_t largest_file = 1 << 20;  // those of today have up to 4 KiB

class Utc : public TimeZone {
 public:
  [[nodiscard]] ZonePeriod period_at(std::chrono::sys_seconds) const override {
    return {std::chrono::sys_seconds::min(), std::chrono::sys_seconds::max(), {}};
  }
};

/// Letters, digits and `_+-.`, parted by slashes, no part hidden or empty: such a name stays in its
/// directory, and there is one for each file.
bool is_zone_name(std::string_view name) {
  bool begins_part = true;
  for (char const c : name) {
    if (begins_part && (c == '.' || c == '/')) return false;
    begins_part = c == '/';
    bool const is_word = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
    if (!is_word && std::string_view{"_+-./"}.find(c) == std::string_view::npos) return false;
  }
  return !begins_part && name.size() <= longest_name;
}

/// Nothing if it is not there, or is something else than a zone might be.
std::optional<struct stat> look_at(fs::path const& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode) || found.st_size > largest_file)
    return std::nullopt;
  return found;
}

/// The time of the last change of the file's data or place cannot be set back, as package managers
/// do with that of its data alone.
bool is_same(struct stat const& a, struct stat const& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

std::string read_file(fs::path const& path, off_t most) {
  std::ifstream file{path, std::ios::binary};
  std::string bytes(static_cast<std::size_t>(most), '\0');
  file.read(bytes.data(), most);
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// All names, for suggestions: several hundred files are looked into.
std::vector<std::string> all_names(fs::path const& directory) {
  std::vector<std::string> names{"UTC"};
  std::error_code error;
  for (fs::recursive_directory_iterator at{directory, error}, end; !error && at != end;
       at.increment(error)) {
    auto const name = at->path().lexically_relative(directory).string();
    // The same zones once more, the latter with leap seconds.
    if (name == "posix" || name == "right") at.disable_recursion_pending();
    if (is_zone_name(name) && look_at(at->path()) && read_file(at->path(), 4) == "TZif")
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// "; did you mean 'Europe/Paris'?", also for "Pariss".
std::string suggest(std::string_view name, std::vector<std::string> const& names) {
  auto const near = did_you_mean(name, names);
  if (!near.empty() || name.find('/') != std::string_view::npos) return near;
  std::vector<std::string_view> cities;
  for (std::string_view const full : names) cities.push_back(full.substr(full.rfind('/') + 1));
  std::string text;
  for (auto const city : nearest_names(name, cities)) {
    auto const at = std::find(cities.begin(), cities.end(), city) - cities.begin();
    text += (text.empty() ? "; did you mean " : " or ") +
            in_quotes(names[static_cast<std::size_t>(at)]);
  }
  return text.empty() ? text : text + "?";
}

[[noreturn]] void refuse(std::string_view name, fs::path const& directory) {
  auto const shown = in_quotes(shorten_utf8(name, longest_name));
  auto const expected =
      std::string{"; expected a name of the IANA time zone database, as 'Europe/Paris' or 'UTC'"};
  if (name.empty()) throw ValidationError("a time zone's name is empty" + expected, "timezone");
  if (directory.empty())
    throw ValidationError("time zone " + shown +
                              " cannot be found: this system has no time zones but UTC; install "
                              "the package tzdata, or name their directory in TZDIR",
                          "timezone");
  auto const near = suggest(name, all_names(directory));
  throw ValidationError("there is no time zone " + shown + (near.empty() ? expected : near),
                        "timezone");
}

}  // namespace

fs::path zone_directory() {
  // Not for who runs with more rights than the variable's owner: a file is opened that it names.
  if (char const* const named = ::secure_getenv("TZDIR"); named != nullptr && *named == '/')
    return named;
  for (auto const* const place :
       {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"}) {
    std::error_code ignored;
    if (fs::is_directory(place, ignored)) return place;
  }
  return {};
}

TimeZones::TimeZones(fs::path directory) : directory_(std::move(directory)) {}

std::shared_ptr<TimeZone const> TimeZones::find(std::string_view name) {
  static auto const utc = std::make_shared<Utc const>();
  if (name == "UTC") return utc;
  if (!is_zone_name(name) || directory_.empty()) refuse(name, directory_);

  std::unique_lock lock{mutex_};
  auto const path = directory_ / name;
  auto const known = known_.find(name);
  bool const is_known = known != known_.end();
  auto const file = look_at(path);
  if (is_known && file && is_same(known->second.file, *file)) return known->second.zone;
  try {
    // A file that changes while it is read looks changed at the next call too.
    if (file) {
      auto zone = read_zone_file(read_file(path, file->st_size));
      return known_.insert_or_assign(std::string{name}, Known{*file, std::move(zone)})
          .first->second.zone;
    }
  } catch (ValidationError const& error) {
    if (!is_known)
      throw ValidationError(
          "the file of time zone " + in_quotes(name) + ", " + path.string() + ", " + error.what(),
          "timezone");
  }
  // Gone or half written, as in an upgrade: what was right a moment ago is better than no schedule.
  if (is_known) return known->second.zone;
  lock.unlock();
  refuse(name, directory_);
}

std::shared_ptr<TimeZone const> find_zone(std::string_view name) {
  static TimeZones zones;
  return zones.find(name);
}

}  // namespace cloacina::engine
