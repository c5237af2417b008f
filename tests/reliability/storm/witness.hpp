// What bodies saw, kept where no database can lose it.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/execution_id.hpp>

#include "support/append_file.hpp"

namespace cloacina::storm {

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

  Witness(std::string database_url, std::filesystem::path const& file);
  /// Returns the value that this run, and no other, is to leave behind.
  [[nodiscard]] std::string began(Start const& start);

 private:
  std::string database_url_;
  test::AppendFile file_;
  std::atomic<std::uint64_t> runs_{0};
};

}  // namespace cloacina::storm
