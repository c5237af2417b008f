#pragma once

#include <cstdint>
#include <string_view>

namespace cloacina {

/// How often a body may run when its process dies under it.
enum class ExecutionMode : std::uint8_t {
  at_least_once,  ///< run again
  at_most_once,   ///< Failed as "outcome unknown"; only `retry` starts it again
};
using enum ExecutionMode;

/// "at_least_once", "at_most_once".
[[nodiscard]] constexpr std::string_view to_string(ExecutionMode mode) noexcept {
  return mode == ExecutionMode::at_most_once ? "at_most_once" : "at_least_once";
}

}  // namespace cloacina
