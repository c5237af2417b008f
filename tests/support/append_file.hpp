#pragma once

#include <filesystem>
#include <string_view>

namespace cloacina::test {

/// A file that several processes append lines to: one `write` a line, so that lines of one process
/// are never mixed with another's, and a kill leaves at most one unfinished line. Thread-safe. A
/// line that cannot be written ends the process with code 3: nothing could be judged without it.
class AppendFile {
 public:
  explicit AppendFile(std::filesystem::path const& path);
  ~AppendFile();
  AppendFile(AppendFile const&) = delete;
  AppendFile& operator=(AppendFile const&) = delete;

  void append(std::string_view line);

 private:
  int descriptor_;
};

}  // namespace cloacina::test
