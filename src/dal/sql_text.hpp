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

template <std::size_t Size>
constexpr SqlText<Size - 1> sql_text(char const (&literal)[Size]) {
  SqlText<Size - 1> text;
  for (std::size_t i = 0; i < Size - 1; ++i) text.characters[i] = literal[i];
  return text;
}
template <std::size_t Size>
constexpr SqlText<Size> const& sql_text(SqlText<Size> const& text) {
  return text;
}

template <std::size_t... Sizes>
constexpr auto concatenate(SqlText<Sizes> const&... parts) {
  SqlText<(Sizes + ... + 0)> text;
  std::size_t end = 0;
  auto const append = [&](auto const& part) {
    for (char const c : part.characters) text.characters[end++] = c;
  };
  (append(parts), ...);
  return text;
}

/// Literals and joined texts one after another; `constexpr` variables at namespace scope keep the
/// result.
template <class... Parts>
constexpr auto join(Parts const&... parts) {
  return concatenate(sql_text(parts)...);
}

}  // namespace cloacina::dal
