#pragma once

#include <string_view>
#include <utility>

#include <cloacina/detail/value_check.hpp>
#include <cloacina/refs.hpp>

namespace cloacina {

/// What `order_id = 42` gives: a value for one key, checked against the key's type.
template <KeySymbol Key>
class Binding {
 public:
  using key = Key;

  explicit constexpr Binding(typename Key::value_type value) : value_(std::move(value)) {}
  [[nodiscard]] constexpr typename Key::value_type const& value() const& { return value_; }
  [[nodiscard]] constexpr typename Key::value_type&& value() && { return std::move(value_); }

 private:
  typename Key::value_type value_;
};

namespace detail {

template <class Key, class Value>
inline constexpr bool key_can_hold = KeyValue<Value>;
// A template, so that the compiler names the key.
template <class Key, class Value>
struct CheckedKey {
  static_assert(
      key_can_hold<Key, Value>,
      "key type: JSON must convert it both ways; give it to_json and from_json, for instance by "
      "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE");
};

template <class Key, class Value>
inline constexpr bool value_has_the_type_of = value_fits<Value, typename Key::value_type>;

template <class Key, class Value>
constexpr Binding<Key> bind(Value&& value) {
  static_assert(value_has_the_type_of<Key, Value>,
                "wrong value type: the key does not hold values of this type");
  if constexpr (value_has_the_type_of<Key, Value>)
    return Binding<Key>{value_as<typename Key::value_type>(Key::name, std::forward<Value>(value))};
  else
    return Binding<Key>{typename Key::value_type{}};
}

}  // namespace detail
}  // namespace cloacina

/// Declares a context key and the C++ type of its value.
///
///   CLOACINA_KEY(lines, std::map<int, double>);
///
/// The type is anything that nlohmann::json converts both ways. Keys may stand in headers; put them
/// into a namespace, because a key and a task of one name clash.
#define CLOACINA_KEY(NAME, ...)                                                                    \
  struct NAME##_key : ::cloacina::KeyBase {                                                        \
    using value_type = __VA_ARGS__;                                                                \
    [[maybe_unused]] static constexpr ::cloacina::detail::CheckedKey<NAME##_key, value_type>       \
        checked{};                                                                                 \
    static constexpr ::std::string_view name = #NAME;                                              \
    static constexpr ::cloacina::detail::KeyInfo info{                                             \
        name, ::cloacina::detail::number_of(name), ::cloacina::detail::type_number<value_type>()}; \
    template <class Value = value_type>                                                            \
    constexpr auto operator=(Value&& value) const {                                                \
      return ::cloacina::detail::bind<NAME##_key>(::std::forward<Value>(value));                   \
    }                                                                                              \
  };                                                                                               \
  [[maybe_unused]] inline constexpr NAME##_key NAME {}
