#pragma once

#include <string>
#include <string_view>

namespace cloacina {

// Of ASCII alone, whatever the locale.

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// 0 to 15, or -1.
[[nodiscard]] constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  auto const letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

[[nodiscard]] inline std::string in_quotes(std::string_view text) {
  return "'" + std::string{text} + "'";
}

}  // namespace cloacina
