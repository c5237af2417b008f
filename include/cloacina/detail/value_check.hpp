#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <cloacina/detail/json_value.hpp>
#include <cloacina/error.hpp>

namespace cloacina::detail {

/// What a key may hold: a plain value that JSON converts both ways.
template <class T>
concept KeyValue =
    std::is_object_v<T> && std::same_as<T, std::remove_cv_t<T>> && !std::is_pointer_v<T> &&
    std::movable<T> && JsonConvertible<T>;

/// Whether a `From` becomes a `To` without a surprise: `4.5` is no integer, and `"no"` is no bool.
template <class From, class To>
inline constexpr bool value_fits =
    std::is_constructible_v<To, From>&& std::is_convertible_v<From, To> &&
    !(std::is_integral_v<To> && std::is_floating_point_v<std::remove_cvref_t<From>>)&&!(
        std::same_as<To, bool> && !std::same_as<std::remove_cvref_t<From>, bool>);

/// The value as a key of type `To` holds it; throws `ValidationError` for an integer that does not
/// fit, and for JSON that is nested too deep.
template <class To, class From>
constexpr To value_as(std::string_view key, From&& value) {
  using Plain = std::remove_cvref_t<From>;
  constexpr bool between_integers =
      std::integral<To> && std::integral<Plain> && !std::same_as<To, Plain>;
  if constexpr (between_integers && !std::same_as<Plain, bool>) {
    To const converted = static_cast<To>(value);
    if (static_cast<Plain>(converted) != value || (converted < To{}) != (value < Plain{}))
      throw ValidationError(
          "key '" + std::string{key} + "': the integer " + std::to_string(value) +
              " does not fit into the key's type; use a wider type or a smaller number",
          std::string{key});
    return converted;
  } else {
    if constexpr (std::same_as<Plain, Json> || std::same_as<Plain, nlohmann::json>)
      check_depth(key, value);
    return To(std::forward<From>(value));
  }
}

}  // namespace cloacina::detail
