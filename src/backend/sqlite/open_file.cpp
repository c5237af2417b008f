#include "backend/sqlite/open_file.hpp"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <utility>

#include <cloacina/error.hpp>

#include "core/sabotage.hpp"

namespace cloacina::backend::sqlite {
namespace {

struct Opened {
  pid_t process = 0;
  int times = 0;
};

/// Never destroyed: runners may be, after what is static.
struct OpenFiles {
  OpenFiles() {
    // A child that inherited the mutex locked would wait for a thread that it does not have.
    ::pthread_atfork([] { all().mutex.lock(); }, [] { all().mutex.unlock(); },
                     [] { all().mutex.unlock(); });
  }
  static OpenFiles& all() {
    static auto* const files = new OpenFiles;
    return *files;
  }

  std::mutex mutex;
  std::map<std::pair<dev_t, ino_t>, Opened> files;
};

}  // namespace

OpenFile::OpenFile(std::string const& path, std::string const& display_name) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return;  // opening it will say why
  device_ = status.st_dev;
  node_ = status.st_ino;
  static bool const unchecked = is_sabotaged("no_fork_check");  // for the trial process_life
  auto& all = OpenFiles::all();
  std::lock_guard const lock{all.mutex};
  auto& opened = all.files[{device_, node_}];
  if (opened.times == 0) opened.process = ::getpid();
  if (opened.process != ::getpid() && !unchecked)
    throw ConfigurationError(
        "database '" + display_name +
            "' was open in the process that this one was forked from, and SQLite cannot share a "
            "file over a fork; expected a process that has not inherited it: start a program of "
            "its own (fork and exec), or fork before the file is opened",
        "database_url");
  ++opened.times;
}

OpenFile::~OpenFile() {
  auto& all = OpenFiles::all();
  std::lock_guard const lock{all.mutex};
  auto const found = all.files.find({device_, node_});
  if (found == all.files.end() || found->second.process != ::getpid()) return;
  if (--found->second.times == 0) all.files.erase(found);
}

}  // namespace cloacina::backend::sqlite
