#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <cloacina/detail/json_shape.hpp>
#include <cloacina/json.hpp>

namespace cloacina::detail {

/// Where in a context a value stands, for messages only: `lines[3].price`.
struct JsonPath {
  std::string_view
      name{};  ///< a context key, or a key of an object; unused for an element of an array
  JsonPath const* parent = nullptr;
  std::size_t index = 0;
  bool is_element = false;

  [[nodiscard]] JsonPath element(std::size_t i) const noexcept { return {{}, this, i, true}; }
  [[nodiscard]] JsonPath member(std::string_view key) const noexcept {
    return {key, this, 0, false};
  }
};

// All throw `ContextError` naming the path.
[[noreturn]] void throw_wrong_type(JsonPath const& path, std::string_view expected,
                                   Json const& found);
[[noreturn]] void throw_out_of_range(JsonPath const& path, Json const& found,
                                     std::string const& low, std::string const& high);
[[noreturn]] void throw_not_an_integer(JsonPath const& path, Json const& found);
[[noreturn]] void throw_not_convertible(JsonPath const& path, Json const& found,
                                        std::string_view why);

template <class T>
consteval bool is_decodable();
template <class T>
concept decodable = is_decodable<T>();

template <class T, std::size_t... I>
consteval bool are_elements_decodable(std::index_sequence<I...>) {
  return (is_decodable<std::remove_cvref_t<std::tuple_element_t<I, T>>>() && ...);
}

template <class T>
consteval bool is_decodable() {
  constexpr auto shape = json_shape<T>;
  if constexpr (std::is_reference_v<T> || std::is_pointer_v<T> || std::is_array_v<T>) {
    return false;
  } else if constexpr (shape == JsonShape::map) {
    return is_decodable<typename T::key_type>() && is_decodable<typename T::mapped_type>();
  } else if constexpr (shape == JsonShape::sequence || shape == JsonShape::fixed ||
                       shape == JsonShape::optional) {
    return is_decodable<typename T::value_type>();
  } else if constexpr (shape == JsonShape::tuple) {
    return are_elements_decodable<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
  } else if constexpr (shape == JsonShape::text) {
    return std::same_as<T, std::string>;  // a view would outlive what it looks at
  } else if constexpr (shape == JsonShape::user) {
    return requires(nlohmann::json const& json) { json.template get<T>(); };
  } else {
    return true;
  }
}

template <class T>
[[nodiscard]] T decode_at(JsonPath const& path, Json const& value);

template <class Integer>
[[noreturn]] void throw_out_of_range_of(JsonPath const& path, Json const& value) {
  throw_out_of_range(path, value, std::to_string(std::numeric_limits<Integer>::min()),
                     std::to_string(std::numeric_limits<Integer>::max()));
}

template <class Integer>
[[nodiscard]] Integer decode_integer(JsonPath const& path, Json const& value) {
  using Limits = std::numeric_limits<Integer>;
  auto const checked = [&](auto number) -> Integer {
    // Not std::in_range, which refuses character types.
    if (number < 0
            ? std::is_unsigned_v<Integer> ||
                  static_cast<std::int64_t>(number) < static_cast<std::int64_t>(Limits::min())
            : static_cast<std::uint64_t>(number) > static_cast<std::uint64_t>(Limits::max())) {
      throw_out_of_range_of<Integer>(path, value);
    }
    return static_cast<Integer>(number);
  };
  if (value.is_number_unsigned()) return checked(*value.get_ptr<std::uint64_t const*>());
  if (value.is_number_integer()) return checked(*value.get_ptr<std::int64_t const*>());
  if (!value.is_number_float()) throw_wrong_type(path, "an integer", value);
  auto const number = *value.get_ptr<double const*>();
  if (std::trunc(number) != number) throw_not_an_integer(path, value);
  // Both bounds are powers of two, hence exact; the upper one is max + 1.
  auto const past = std::ldexp(1.0, Limits::digits);
  if (number >= past || number < (std::is_signed_v<Integer> ? -past : 0.0))
    throw_out_of_range_of<Integer>(path, value);
  return static_cast<Integer>(number);
}

template <class Real>
[[nodiscard]] Real decode_real(JsonPath const& path, Json const& value) {
  if (!value.is_number()) throw_wrong_type(path, "a number", value);
  auto const number = value.get<double>();
  if constexpr (sizeof(Real) < sizeof(double)) {
    auto const longest = static_cast<double>(std::numeric_limits<Real>::max());
    if (std::abs(number) > longest)
      throw_out_of_range(path, value, std::to_string(-longest), std::to_string(longest));
  }
  return static_cast<Real>(number);
}

template <class Sequence>
[[nodiscard]] Sequence decode_sequence(JsonPath const& path, Json const& value) {
  if (!value.is_array()) throw_wrong_type(path, "an array", value);
  Sequence result;
  if constexpr (requires { result.reserve(value.size()); }) result.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    result.insert(result.end(),
                  decode_at<typename Sequence::value_type>(path.element(i), value[i]));
  }
  return result;
}

template <class Array>
[[nodiscard]] Array decode_fixed(JsonPath const& path, Json const& value) {
  constexpr auto size = std::tuple_size_v<Array>;
  if (!value.is_array() || value.size() != size) {
    throw_wrong_type(path, "an array of " + std::to_string(size) + " elements", value);
  }
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Array{decode_at<std::remove_cvref_t<std::tuple_element_t<I, Array>>>(path.element(I),
                                                                                value[I])...};
  }
  (std::make_index_sequence<size>{});
}

template <class Map>
[[nodiscard]] Map decode_map(JsonPath const& path, Json const& value) {
  using Key = typename Map::key_type;
  using Mapped = typename Map::mapped_type;
  Map result;
  if constexpr (has_text_keys<Map>) {
    if (!value.is_object()) throw_wrong_type(path, "an object", value);
    for (auto const& [key, item] : value.template get_ref<Json::object_t const&>()) {
      result.insert_or_assign(Key{key}, decode_at<Mapped>(path.member(key), item));
    }
  } else {
    if (!value.is_array()) throw_wrong_type(path, "an array of pairs", value);
    for (std::size_t i = 0; i < value.size(); ++i) {
      auto entry = decode_fixed<std::pair<Key, Mapped>>(path.element(i), value[i]);
      result.insert_or_assign(std::move(entry.first), std::move(entry.second));
    }
  }
  return result;
}

template <class T>
[[nodiscard]] T decode_user(JsonPath const& path, Json const& value) {
  if constexpr (std::is_enum_v<T>) {
    if (value.is_number()) (void)decode_integer<std::underlying_type_t<T>>(path, value);
  }
  try {
    return nlohmann::json(value).get<T>();
  } catch (std::exception const& error) {
    throw_not_convertible(path, value, error.what());
  }
}

template <class T>
[[nodiscard]] T decode_at(JsonPath const& path, Json const& value) {
  constexpr auto shape = json_shape<T>;
  if constexpr (shape == JsonShape::json) {
    return value;
  } else if constexpr (shape == JsonShape::boolean) {
    if (!value.is_boolean()) throw_wrong_type(path, "true or false", value);
    return *value.get_ptr<bool const*>();
  } else if constexpr (std::integral<T>) {
    return decode_integer<T>(path, value);
  } else if constexpr (shape == JsonShape::number) {
    return decode_real<T>(path, value);
  } else if constexpr (shape == JsonShape::text) {
    if (!value.is_string()) throw_wrong_type(path, "text", value);
    return *value.get_ptr<std::string const*>();
  } else if constexpr (shape == JsonShape::null) {
    if (!value.is_null()) throw_wrong_type(path, "null", value);
    return nullptr;
  } else if constexpr (shape == JsonShape::optional) {
    if (value.is_null()) return std::nullopt;
    return decode_at<typename T::value_type>(path, value);
  } else if constexpr (shape == JsonShape::sequence) {
    return decode_sequence<T>(path, value);
  } else if constexpr (shape == JsonShape::fixed || shape == JsonShape::tuple) {
    return decode_fixed<T>(path, value);
  } else if constexpr (shape == JsonShape::map) {
    return decode_map<T>(path, value);
  } else {
    return decode_user<T>(path, value);
  }
}

/// The value of context key `key` as a C++ type.
///
/// Throws `ContextError` with the place inside the value. Numbers are range-checked, inside
/// containers too: no integer is cut off, and a double is an integer only if it has no fraction.
/// Inside types of the user's own, their conversions decide.
template <class T>
[[nodiscard]] T decode(std::string_view key, Json const& value) {
  static_assert(decodable<T>,
                "this type cannot be read from a context: nlohmann/json must convert it both ways");
  return decode_at<T>(JsonPath{key}, value);
}

}  // namespace cloacina::detail
