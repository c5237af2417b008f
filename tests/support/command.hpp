#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace cloacina::test {

/// What a command of the shell printed, errors too, and how it ended.
struct Answer {
  int status = -1;
  std::string output;
};

/// Runs it to its end; commands that could hang get a `timeout` of their own.
inline Answer call(std::string const& command) {
  Answer answer;
  std::FILE* const pipe = ::popen(("exec 2>&1; " + command).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error{"no process for " + command};
  char part[4096];
  for (std::size_t size = 0; (size = std::fread(part, 1, sizeof part, pipe)) > 0;)
    answer.output.append(part, size);
  int const status = ::pclose(pipe);
  answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return answer;
}

/// The output of a command that must succeed.
inline std::string must(std::string const& command) {
  auto answer = call(command);
  if (answer.status != 0)
    throw std::runtime_error{command + "\nended with " + std::to_string(answer.status) + ":\n" +
                             answer.output};
  return std::move(answer.output);
}

}  // namespace cloacina::test
