#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <cloacina/error.hpp>

#include "core/nearest.hpp"
#include "core/utf8.hpp"

namespace cloacina {

/// The words of an enumeration, both ways: `Words` holds one for each enumerator, in their order
/// from 0.
template <class Enum, std::size_t N>
[[nodiscard]] Enum enum_from(std::string_view what, std::string_view word,
                             std::array<std::string_view, N> const& words) {
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == word) return static_cast<Enum>(i);
  }
  throw ValidationError(std::string{what} + ": unknown word '" + to_storable_utf8(word, 64) + "'" +
                            did_you_mean(word, std::span<std::string_view const>{words}) +
                            "; the words are " +
                            list_of(std::span<std::string_view const>{words}, N),
                        std::string{word});
}

template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view word_of(
    Enum value, std::array<std::string_view, N> const& words) noexcept {
  auto const position = static_cast<std::size_t>(value);
  return position < N ? words[position] : std::string_view{"unknown"};
}

}  // namespace cloacina
