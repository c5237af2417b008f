// What bodies saw, kept where no database can lose it.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/execution_id.hpp>

namespace cloacina::storm {

/// A file that several processes append lines to: one `write` a line, so that lines of one process
/// are never mixed with another's, and a kill leaves at most one unfinished line. Thread-safe.
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

/// Notes every start of a body, with what it was given and what the database said of its
/// dependencies at that moment, read through a connection of its own: a body that starts before the
/// commit that allows it gives itself away. Thread-safe.
class Witness {
 public:
  struct Start {
    ExecutionId execution{};
    std::string task;
    std::uint32_t attempt = 1;
    std::vector<std::string> const& dependencies;
    Context given;
  };

  Witness(std::filesystem::path database, std::filesystem::path const& file);
  /// Returns the value that this run, and no other, is to leave behind.
  [[nodiscard]] std::string began(Start const& start);

 private:
  std::filesystem::path database_;
  AppendFile file_;
  std::atomic<std::uint64_t> runs_{0};
};

}  // namespace cloacina::storm
