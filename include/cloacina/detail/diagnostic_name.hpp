#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace cloacina::detail {

// A text as a type, so that a failed static_assert shows it: name<"extract"> where the compiler
// prints text arguments, name<'e', 'x', …> under clang 14, which does not. `Source::text(I)` gives
// the text of number I.
#if defined(__clang__) && __clang_major__ < 15

template <char...>
struct name {};
template <class Source, std::size_t I, std::size_t... Chars>
auto as_name(std::index_sequence<Chars...>) -> name<Source::text(I)[Chars]...>;
template <class Source, std::size_t I>
using name_of = decltype(as_name<Source, I>(std::make_index_sequence<Source::text(I).size()>{}));

#else

template <std::size_t Size>
struct characters {
  char text[Size + 1]{};
};
template <characters>
struct name {};
template <class Source, std::size_t I>
constexpr auto characters_of() {
  constexpr std::string_view text = Source::text(I);
  characters<text.size()> copy;
  for (std::size_t i = 0; i < text.size(); ++i) copy.text[i] = text[i];
  return copy;
}
template <class Source, std::size_t I>
using name_of = name<characters_of<Source, I>()>;

#endif

}  // namespace cloacina::detail
