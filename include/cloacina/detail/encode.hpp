#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <cloacina/detail/json_shape.hpp>
#include <cloacina/json.hpp>

namespace cloacina::detail {

template <class T>
consteval bool is_encodable();
template <class T>
concept encodable = is_encodable<std::remove_cvref_t<T>>();

template <class T, std::size_t... I>
consteval bool are_elements_encodable(std::index_sequence<I...>) {
  return (is_encodable<std::remove_cvref_t<std::tuple_element_t<I, T>>>() && ...);
}

template <class T>
consteval bool is_encodable() {
  constexpr auto shape = json_shape<T>;
  if constexpr (shape == JsonShape::map) {
    return is_encodable<typename T::key_type>() && is_encodable<typename T::mapped_type>();
  } else if constexpr (shape == JsonShape::sequence || shape == JsonShape::fixed ||
                       shape == JsonShape::optional) {
    return is_encodable<typename T::value_type>();
  } else if constexpr (shape == JsonShape::tuple) {
    return are_elements_encodable<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
  } else if constexpr (shape == JsonShape::user) {
    return !std::is_pointer_v<T> && std::is_constructible_v<nlohmann::json, T const&>;
  } else {
    return true;
  }
}

/// Throws `ValidationError` naming the key for a value of more levels than can be stored. Looks no
/// deeper than that: nlohmann/json copies by recursion, which values from elsewhere may make too
/// deep for the stack.
void check_depth(std::string_view key, Json const& value);
void check_depth(std::string_view key, nlohmann::json const& value);

template <encodable T>
[[nodiscard]] Json encode(std::string_view key, T&& value);

template <class Sequence>
[[nodiscard]] Json encode_sequence(std::string_view key, Sequence const& values) {
  Json::array_t array;
  if constexpr (requires { values.size(); }) array.reserve(values.size());
  for (typename Sequence::value_type const& value : values) array.push_back(encode(key, value));
  return Json(std::move(array));
}

template <class Map>
[[nodiscard]] Json encode_map(std::string_view key, Map const& values) {
  if constexpr (has_text_keys<Map>) {
    Json::object_t object;
    object.reserve(values.size());
    // Past ordered_map's own insertion, which would look through all keys before for each one: a
    // map has no doubles.
    for (auto const& [name, value] : values)
      object.emplace_back(std::string{std::string_view{name}}, encode(key, value));
    return Json(std::move(object));
  } else {
    Json::array_t array;
    array.reserve(values.size());
    for (auto const& [name, value] : values)
      array.push_back(Json(Json::array_t{encode(key, name), encode(key, value)}));
    return Json(std::move(array));
  }
}

template <class Tuple, std::size_t... I>
[[nodiscard]] Json encode_tuple(std::string_view key, Tuple const& values,
                                std::index_sequence<I...>) {
  Json::array_t array;
  array.reserve(sizeof...(I));
  (array.push_back(encode(key, std::get<I>(values))), ...);
  return Json(std::move(array));
}

[[nodiscard]] inline nlohmann::json const& as_plain_json(nlohmann::json const& value) {
  return value;
}
template <class T>
[[nodiscard]] nlohmann::json as_plain_json(T const& value) {
  return nlohmann::json(value);
}

/// The JSON of a C++ value that is to be put under `key`. Whether it can be stored (NaN, UTF-8, …)
/// is checked by the context that takes it; its depth here, before anything is copied.
///
/// Types that this library does not know convert through `nlohmann::json`, not through `Json`,
/// because `NLOHMANN_DEFINE_TYPE_…` writes conversions for the former only; their keys come out in
/// alphabetical order.
template <encodable T>
[[nodiscard]] Json encode(std::string_view key, T&& value) {
  using Type = std::remove_cvref_t<T>;
  constexpr auto shape = json_shape<Type>;
  if constexpr (shape == JsonShape::json) {
    if constexpr (!std::same_as<T, Json>) check_depth(key, value);
    return std::forward<T>(value);
  } else if constexpr (shape == JsonShape::boolean || shape == JsonShape::number ||
                       shape == JsonShape::null) {
    return Json(value);
  } else if constexpr (shape == JsonShape::text) {
    if constexpr (std::same_as<T, std::string>) return Json(std::move(value));
    return Json(std::string{std::string_view{value}});
  } else if constexpr (shape == JsonShape::optional) {
    return value ? encode(key, *std::forward<T>(value)) : Json(nullptr);
  } else if constexpr (shape == JsonShape::sequence || shape == JsonShape::fixed) {
    return encode_sequence(key, value);
  } else if constexpr (shape == JsonShape::map) {
    return encode_map(key, value);
  } else if constexpr (shape == JsonShape::tuple) {
    return encode_tuple(key, value, std::make_index_sequence<std::tuple_size_v<Type>>{});
  } else {
    auto const& plain = as_plain_json(value);
    check_depth(key, plain);
    return Json(plain);
  }
}

}  // namespace cloacina::detail
