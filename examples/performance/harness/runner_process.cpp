#include "harness/runner_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <limits>
#include <system_error>

#include <cloacina/runner.hpp>

namespace bench {

RunnerProcess::RunnerProcess(std::string const& url) {
  std::array<int, 2> ends{};
  // Closed in the others, which would hold it open.
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{errno, std::system_category()};
  pipe_ = ends[1];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  std::string program = "/proc/self/exe";
  std::string option = "--serve";
  std::string place = url;
  std::array<char*, 4> arguments{program.data(), option.data(), place.data(), nullptr};
  int const code =
      ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[0]);
  if (code != 0) {
    ::close(pipe_);
    throw std::system_error{code, std::system_category(), "a runner process does not start"};
  }
}

RunnerProcess::~RunnerProcess() {
  ::close(pipe_);
  ::waitpid(process_, nullptr, 0);
}

int serve(std::string const& url) {
  cloacina::DefaultRunner runner{url};
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  return 0;
}

}  // namespace bench
