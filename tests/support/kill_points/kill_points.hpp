#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "support/crash_vfs.hpp"

namespace cloacina::test {

/// Kills the process at the `at`-th operation on its database, counted from 1 over all of its
/// threads; 0: never. Of a file: before a write, a truncation, a sync or a removal. Of a server:
/// before something is sent to it, and right after it, when nobody will hear the answer.
///
/// One of a process, made before the database is opened.
class KillPoints {
 public:
  KillPoints(std::string_view url, std::uint64_t at);

  [[nodiscard]] std::uint64_t operations() const noexcept;

 private:
  std::optional<CrashVfs> disk_;
};

}  // namespace cloacina::test
