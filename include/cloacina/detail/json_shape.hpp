#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <cloacina/json.hpp>

namespace cloacina::detail {

/// How a C++ type maps to JSON; decides which branch of `encode` and `decode` it takes.
enum class JsonShape : unsigned char {
  json,  ///< `Json` itself
  boolean,
  number,
  text,      ///< anything that is or converts to `std::string_view`
  null,      ///< `std::nullptr_t`
  optional,  ///< null or the value
  sequence,  ///< array
  fixed,     ///< `std::array`: array of one length
  map,       ///< object if the keys are text, else array of pairs, as nlohmann/json has it
  tuple,     ///< array
  user,      ///< by the conversions of nlohmann/json
};

template <class T>
inline constexpr JsonShape container_shape = JsonShape::user;
template <class... A>
inline constexpr JsonShape container_shape<std::vector<A...>> = JsonShape::sequence;
template <class... A>
inline constexpr JsonShape container_shape<std::deque<A...>> = JsonShape::sequence;
template <class... A>
inline constexpr JsonShape container_shape<std::list<A...>> = JsonShape::sequence;
template <class... A>
inline constexpr JsonShape container_shape<std::set<A...>> = JsonShape::sequence;
template <class... A>
inline constexpr JsonShape container_shape<std::unordered_set<A...>> = JsonShape::sequence;
template <class T, std::size_t N>
inline constexpr JsonShape container_shape<std::array<T, N>> = JsonShape::fixed;
template <class... A>
inline constexpr JsonShape container_shape<std::map<A...>> = JsonShape::map;
template <class... A>
inline constexpr JsonShape container_shape<std::unordered_map<A...>> = JsonShape::map;
template <class T>
inline constexpr JsonShape container_shape<std::optional<T>> = JsonShape::optional;
template <class A, class B>
inline constexpr JsonShape container_shape<std::pair<A, B>> = JsonShape::tuple;
template <class... A>
inline constexpr JsonShape container_shape<std::tuple<A...>> = JsonShape::tuple;

template <class T>
consteval JsonShape find_json_shape() {
  if constexpr (std::same_as<T, Json>) {
    return JsonShape::json;
  } else if constexpr (std::same_as<T, bool>) {
    return JsonShape::boolean;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return JsonShape::number;
  } else if constexpr (std::same_as<T, std::nullptr_t>) {
    return JsonShape::null;
  } else if constexpr (std::same_as<T, nlohmann::json>) {
    return JsonShape::user;  // before text: it converts to everything
  } else if constexpr (std::convertible_to<T const&, std::string_view>) {
    return JsonShape::text;
  } else {
    return container_shape<T>;
  }
}

/// `T` without reference and cv.
template <class T>
inline constexpr JsonShape json_shape = find_json_shape<T>();

template <class Map>
inline constexpr bool has_text_keys = json_shape<typename Map::key_type> == JsonShape::text;

}  // namespace cloacina::detail
