#pragma once

#include <sys/types.h>

#include <string>

namespace bench {

/// This program once more, as a process that runs what others submit, until the object dies.
class RunnerProcess {
 public:
  /// Throws `std::system_error`.
  explicit RunnerProcess(std::string const& url);
  ~RunnerProcess();
  RunnerProcess(RunnerProcess const&) = delete;
  RunnerProcess& operator=(RunnerProcess const&) = delete;

 private:
  pid_t process_ = 0;
  int pipe_ = -1;  // closed: the process ends
};

/// What such a process does: a runner on the database until standard input ends.
int serve(std::string const& url);

}  // namespace bench
