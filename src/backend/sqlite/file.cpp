#include "backend/sqlite/file.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <system_error>

#include <cloacina/error.hpp>

namespace cloacina::backend::sqlite {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(DatabaseUrl const& url, std::string_view what) {
  throw ConfigurationError("database '" + url.display() + "' " + std::string{what}, "database_url");
}

/// Refused for everybody: root could write such a file too, but whoever took the permission away
/// meant something.
bool nobody_may_write(fs::perms permissions) noexcept {
  return (permissions & (fs::perms::owner_write | fs::perms::group_write |
                         fs::perms::others_write)) == fs::perms::none;
}

/// Without links and relative parts: the log belongs beside the file itself.
fs::path canonical(DatabaseUrl const& url, fs::path const& path) {
  std::error_code error;
  auto resolved = fs::canonical(path, error);
  if (error)
    refuse(url, "cannot be resolved to an absolute path (" + error.message() +
                    "); expected a path whose directories exist and may be searched, the working "
                    "directory of a relative one included");
  return resolved;
}

/// Before a file is made that SQLite could not open, or not keep its log beside.
std::string checked_length(DatabaseUrl const& url, fs::path const& path) {
  constexpr std::string_view longest_suffix = "-journal";
  static auto const longest_path = static_cast<std::size_t>(sqlite3_vfs_find(nullptr)->mxPathname);
  auto const check = [&](std::string_view what, std::size_t size, std::size_t limit) {
    if (size > limit)
      refuse(url,
             "has a " + std::string{what} + " of " + std::to_string(size) +
                 " bytes; expected at most " + std::to_string(limit) +
                 ": SQLite keeps files beside it whose names are longer; choose a shorter one");
  };
  check("file name", path.filename().native().size(), NAME_MAX - longest_suffix.size());
  check("path", path.native().size(), longest_path - longest_suffix.size());
  return path.string();
}

}  // namespace

std::string resolve_path(DatabaseUrl const& url) {
  fs::path const given{url.path};
  std::error_code error;
  auto const status = fs::status(given, error);
  if (fs::is_directory(status))
    refuse(url, "is a directory; expected the path of a file: add a file name to it");
  if (fs::exists(status)) {
    if (!fs::is_regular_file(status))
      refuse(url, "is not a regular file; expected a file or a path where none exists");
    if (url.mode != DatabaseUrl::Mode::ro && nobody_may_write(status.permissions()))
      refuse(url,
             "is marked read-only; expected a file that may be written: change its permissions, or "
             "open it with "
             "?mode=ro to read only");
    // SQLite itself takes a file of one byte for an empty one.
    if (fs::file_size(given, error) == 1)
      refuse(url,
             "is not an SQLite database; expected a database of this library, an empty file or a "
             "path where none exists: name another path");
    return checked_length(url, canonical(url, given));
  }
  auto const directory = given.has_parent_path() ? given.parent_path() : fs::path{"."};
  if (!fs::is_directory(directory, error))
    refuse(url, "lies in a directory that does not exist; expected an existing one: create '" +
                    directory.string() + "'");
  if (url.mode != DatabaseUrl::Mode::rwc)
    refuse(url,
           "does not exist; expected an existing file with mode=ro and mode=rw: correct the path, "
           "or use mode=rwc");
  return checked_length(url, canonical(url, directory) / given.filename());
}

void create_if_wanted(DatabaseUrl const& url, std::string const& path) {
  if (url.mode != DatabaseUrl::Mode::rwc) return;
  // Closing any descriptor of a file drops the locks that this process holds on it. Under the mutex
  // nobody of this process can have opened a file that is only now being made.
  static std::mutex mutex;
  std::lock_guard lock{mutex};
  int const descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor >= 0) {
    ::close(descriptor);
    return;
  }
  if (errno != EEXIST)
    refuse(url, "cannot be created (" + std::string{std::strerror(errno)} +
                    "); expected a directory that this process may write: change its permissions "
                    "or the path");
}

}  // namespace cloacina::backend::sqlite
