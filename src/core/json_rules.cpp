#include "core/json_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include <cloacina/detail/encode.hpp>
#include <cloacina/error.hpp>

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

constexpr std::size_t largest_searched =
    16;  ///< objects with more keys are compared through an index

[[noreturn]] void refuse_value(std::string_view key, std::string_view problem) {
  auto const name = to_storable_utf8(key, 200);
  throw ValidationError("context key '" + name + "': " + std::string{problem}, name);
}

[[noreturn]] void refuse_depth(std::string_view key) {
  refuse_value(key, "nested deeper than " + std::to_string(max_json_depth) + " levels");
}

/// Bounded by `levels`, whatever the value is.
template <class AnyJson>
bool is_deeper(AnyJson const& value, std::size_t levels) {
  if (!value.is_structured()) return false;
  if (levels == 0) return true;
  return std::any_of(value.begin(), value.end(),
                     [&](AnyJson const& inner) { return is_deeper(inner, levels - 1); });
}

void check_value(std::string_view key, Json const& value, std::size_t depth);

void check_members(std::string_view key, Json::object_t const& object, std::size_t depth) {
  for (auto const& [name, member] : object) {
    if (!is_valid_utf8(name)) {
      refuse_value(key, "a key inside its value is not valid UTF-8: '" + to_valid_utf8(name) + "'");
    }
    check_value(key, member, depth);
  }
}

void check_value(std::string_view key, Json const& value, std::size_t depth) {
  using Type = Json::value_t;
  switch (value.type()) {
    case Type::number_float:
      if (!std::isfinite(*value.get_ptr<double const*>())) {
        refuse_value(key, "NaN and infinity cannot be stored; use null or a text");
      }
      return;
    case Type::string:
      if (!is_valid_utf8(*value.get_ptr<std::string const*>())) {
        refuse_value(key,
                     "its text is not valid UTF-8; encode binary data, for instance as base64");
      }
      return;
    case Type::array:
    case Type::object:
      if (depth >= max_json_depth) refuse_depth(key);
      if (value.is_object())
        return check_members(key, *value.get_ptr<Json::object_t const*>(), depth + 1);
      for (auto const& element : *value.get_ptr<Json::array_t const*>())
        check_value(key, element, depth + 1);
      return;
    case Type::binary:
    case Type::discarded:
      refuse_value(key, "binary data is not JSON; encode it, for instance as base64");
    default:
      return;
  }
}

std::strong_ordering compare_integers(Json const& a, Json const& b) noexcept {
  if (a.is_number_unsigned() && b.is_number_unsigned()) {
    return *a.get_ptr<std::uint64_t const*>() <=> *b.get_ptr<std::uint64_t const*>();
  }
  if (a.is_number_unsigned()) return 0 <=> compare_integers(b, a);
  auto const left = *a.get_ptr<std::int64_t const*>();
  if (!b.is_number_unsigned()) return left <=> *b.get_ptr<std::int64_t const*>();
  if (left < 0) return std::strong_ordering::less;
  return static_cast<std::uint64_t>(left) <=> *b.get_ptr<std::uint64_t const*>();
}

/// Exact: the double is split into its integer part, which is compared as an integer, and the rest.
std::partial_ordering compare_with_double(Json const& integer, double real) noexcept {
  if (std::isnan(real)) return std::partial_ordering::unordered;
  constexpr double past_unsigned = 18446744073709551616.0;  // 2^64
  constexpr double lowest_signed = -9223372036854775808.0;  // −2^63
  if (real >= past_unsigned) return std::partial_ordering::less;
  if (real < lowest_signed) return std::partial_ordering::greater;
  auto const whole = std::floor(real);
  auto const order = whole < 0 ? compare_integers(integer, Json(static_cast<std::int64_t>(whole)))
                               : compare_integers(integer, Json(static_cast<std::uint64_t>(whole)));
  if (order != 0) return order;
  return whole < real ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

bool objects_equal(Json::object_t const& a, Json::object_t const& b) {
  if (a.size() != b.size()) return false;
  if (a.size() <= largest_searched) {
    return std::all_of(a.begin(), a.end(), [&](auto const& member) {
      auto const found = b.find(member.first);
      return found != b.end() && json_equal(member.second, found->second);
    });
  }
  std::unordered_map<std::string_view, Json const*> index;
  for (auto const& [key, value] : b) index.emplace(key, &value);
  return std::all_of(a.begin(), a.end(), [&](auto const& member) {
    auto const found = index.find(member.first);
    return found != index.end() && json_equal(member.second, *found->second);
  });
}

std::size_t mix(std::size_t a, std::size_t b) noexcept {
  return (a ^ b) * 0x9E3779B97F4A7C15u + (a >> 7);
}

}  // namespace

void detail::check_depth(std::string_view key, Json const& value) {
  if (is_deeper(value, max_json_depth)) refuse_depth(key);
}
void detail::check_depth(std::string_view key, nlohmann::json const& value) {
  if (is_deeper(value, max_json_depth)) refuse_depth(key);
}

void check_storable(std::string_view key, Json const& value) {
  if (!is_valid_utf8(key)) refuse_value(key, "the key is not valid UTF-8");
  check_value(key, value, 0);
}

std::partial_ordering compare_numbers(Json const& a, Json const& b) noexcept {
  if (!a.is_number() || !b.is_number()) return std::partial_ordering::unordered;
  if (a.is_number_float() && b.is_number_float()) {
    return *a.get_ptr<double const*>() <=> *b.get_ptr<double const*>();
  }
  if (b.is_number_float()) return compare_with_double(a, *b.get_ptr<double const*>());
  if (a.is_number_float()) return 0 <=> compare_with_double(b, *a.get_ptr<double const*>());
  return compare_integers(a, b);
}

bool json_equal(Json const& a, Json const& b) {
  if (&a == &b) return true;
  if (a.is_number()) return compare_numbers(a, b) == 0;
  if (a.type() != b.type()) return false;
  if (a.is_object())
    return objects_equal(*a.get_ptr<Json::object_t const*>(), *b.get_ptr<Json::object_t const*>());
  if (a.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](auto const& x, auto const& y) { return json_equal(x, y); });
  }
  return a == b;  // null, boolean, text
}

std::size_t json_hash(Json const& value) {
  auto hash =
      static_cast<std::size_t>(value.is_number() ? Json::value_t::number_float : value.type());
  // Numbers that are equal round to the same double.
  if (value.is_number()) return mix(hash, std::hash<double>{}(value.get<double>()));
  if (value.is_string())
    return mix(hash, std::hash<std::string>{}(*value.get_ptr<std::string const*>()));
  if (value.is_boolean()) return mix(hash, *value.get_ptr<bool const*>() ? 1 : 2);
  if (value.is_array()) {
    for (auto const& element : value) hash = mix(hash, json_hash(element));
  } else if (value.is_object()) {
    std::size_t sum = 0;  // whatever the order of the keys
    for (auto const& [key, member] : *value.get_ptr<Json::object_t const*>()) {
      sum += mix(std::hash<std::string>{}(key), json_hash(member));
    }
    hash = mix(hash, sum);
  }
  return hash;
}

}  // namespace cloacina
