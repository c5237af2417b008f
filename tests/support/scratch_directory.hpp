#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace cloacina::test {

/// A new directory of its own, removed with everything in it at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "cloacina-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error{"no directory for a test at " + pattern};
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(ScratchDirectory const&) = delete;
  ScratchDirectory& operator=(ScratchDirectory const&) = delete;

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
  /// `sqlite://` and the path of `name` in it.
  [[nodiscard]] std::string sqlite_url(std::string const& name = "test.db") const {
    return "sqlite://" + (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace cloacina::test
