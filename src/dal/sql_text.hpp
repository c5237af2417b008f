#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace cloacina::dal {

/// Text that is put together by the compiler, so that statements can share a list of columns.
template <std::size_t Size>
struct SqlText {
  std::array<char, Size> characters{};
  constexpr operator std::string_view() const noexcept { return {characters.data(), Size}; }
};

/// The literals one after another; `constexpr` variables at namespace scope keep the result.
template <std::size_t... Sizes>
constexpr auto join(char const (&... parts)[Sizes]) {
  SqlText<((Sizes - 1) + ... + 0)> text;
  std::size_t end = 0;
  auto const append = [&](char const* part, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) text.characters[end++] = part[i];
  };
  (append(parts, Sizes - 1), ...);
  return text;
}

}  // namespace cloacina::dal
