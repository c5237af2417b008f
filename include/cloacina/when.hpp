#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <cloacina/error.hpp>

/// Trigger rules as constants: when a task whose dependencies are all final runs.
/// \code
///   .trigger_rule = when::any(when::task_failed(load), when::context_value(total,
///   when::greater_than, 100.0))
/// \endcode
/// A rule may name only tasks upstream of its own. `TriggerRule` is the same at run time, without a
/// bound.
namespace cloacina::when {

/// What a node of a rule says.
enum class Kind : std::uint8_t {
  none_failed,  ///< the default, only by itself: no dependency Failed, was Cancelled, or was
                ///< Skipped because of that
  always,
  success,  ///< the task Completed
  failed,   ///< the task Failed
  skipped,  ///< the task was Skipped
  value,    ///< a comparison with a context key
  all,      ///< every one of the rules before it holds; with none of them it holds
  any,      ///< at least one of them holds; with none of them it does not hold
  none,     ///< not one of them holds; with none of them it holds
};

/// How a context value is compared. A missing key: `not_equals`, `not_contains` and `not_exists`
/// hold, others do not.
enum class Operator : std::uint8_t {
  equals,  ///< JSON equality
  not_equals,
  greater_than,  ///< of two numbers; does not hold for anything else
  less_than,
  contains,  ///< a part of a text, an element of an array, or a key of an object
  not_contains,
  exists,  ///< also with the value null
  not_exists,
};
using enum Operator;

using Literal =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view>;

/// One part of a rule; rules are kept as postfix arrays of them.
struct Node {
  Kind kind = Kind::always;
  Operator op = Operator::exists;
  std::uint8_t arity = 0;   ///< of `all`, `any`, `none`: how many rules it combines
  std::string_view name{};  ///< task id, or context key
  Literal literal{};
};

/// At most 32 nodes in postfix order; none at all is the default rule.
struct Rule {
  static constexpr std::size_t max_nodes = 32;

  std::array<Node, max_nodes> nodes{};
  std::uint8_t size = 0;

  [[nodiscard]] constexpr bool is_default() const noexcept { return size == 0; }
};

namespace detail {

// Not constexpr: in a constant expression, the compiler names the function that it cannot call.
[[noreturn]] inline void a_trigger_rule_has_at_most_32_nodes() {
  throw ValidationError(
      "trigger rule: more than 32 nodes; split the task, or use TriggerRule::from_json");
}
[[noreturn]] inline void the_default_rule_cannot_be_combined() {
  throw ValidationError(
      "trigger rule: none_failed, the default, stands alone; combine task_success(…) instead");
}

constexpr void append(Rule& rule, Node const& node) {
  if (rule.size == Rule::max_nodes) a_trigger_rule_has_at_most_32_nodes();
  rule.nodes[rule.size++] = node;
}

constexpr Rule leaf(Node const& node) {
  Rule rule;
  append(rule, node);
  return rule;
}

constexpr void append_all(Rule& to, Rule const& from) {
  if (from.is_default()) the_default_rule_cannot_be_combined();
  for (std::size_t i = 0; i < from.size; ++i) append(to, from.nodes[i]);
}

template <class... Rules>
constexpr Rule combine(Kind kind, Rules const&... rules) {
  static_assert(sizeof...(Rules) < Rule::max_nodes, "a trigger rule has at most 32 nodes");
  Rule combined;
  (append_all(combined, rules), ...);
  append(combined, {.kind = kind, .arity = static_cast<std::uint8_t>(sizeof...(Rules))});
  return combined;
}

template <class T>
concept Text = std::convertible_to<T const&, std::string_view>;
/// A symbol or reference of a task or key: whatever has a name.
template <class T>
concept Named = Text<T> || requires(T const& named) {
  { named.name } -> std::convertible_to<std::string_view>;
};

template <Named T>
constexpr std::string_view name_of(T const& named) noexcept {
  if constexpr (Text<T>) {
    return named;
  } else {
    return named.name;
  }
}

template <class T>
concept LiteralValue = std::is_arithmetic_v<T> || std::same_as<T, std::nullptr_t> || Text<T>;

template <LiteralValue T>
constexpr Literal literal_of(T const& value) noexcept {
  if constexpr (std::same_as<T, bool> || std::same_as<T, std::nullptr_t>) {
    return value;
  } else if constexpr (std::floating_point<T>) {
    return static_cast<double>(value);
  } else if constexpr (std::unsigned_integral<T>) {
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return static_cast<std::uint64_t>(value);
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::integral<T>) {
    return static_cast<std::int64_t>(value);
  } else {
    return std::string_view{value};
  }
}

}  // namespace detail

/// The default: no dependency Failed, was Cancelled, or was Skipped because of a failure.
[[nodiscard]] constexpr Rule none_failed() noexcept { return {}; }
/// Whatever became of the dependencies.
[[nodiscard]] constexpr Rule always() { return detail::leaf({.kind = Kind::always}); }

template <std::same_as<Rule>... Rules>
[[nodiscard]] constexpr Rule all(Rules const&... rules) {
  return detail::combine(Kind::all, rules...);
}
template <std::same_as<Rule>... Rules>
[[nodiscard]] constexpr Rule any(Rules const&... rules) {
  return detail::combine(Kind::any, rules...);
}
template <std::same_as<Rule>... Rules>
[[nodiscard]] constexpr Rule none(Rules const&... rules) {
  return detail::combine(Kind::none, rules...);
}

/// A task is named by its symbol or by its id; the text must live as long as the rule.
[[nodiscard]] constexpr Rule task_success(detail::Named auto const& task) {
  return detail::leaf({.kind = Kind::success, .name = detail::name_of(task)});
}
/// A task with such a rule that Completed has handled the failure: it does not make the execution
/// Failed.
[[nodiscard]] constexpr Rule task_failed(detail::Named auto const& task) {
  return detail::leaf({.kind = Kind::failed, .name = detail::name_of(task)});
}
[[nodiscard]] constexpr Rule task_skipped(detail::Named auto const& task) {
  return detail::leaf({.kind = Kind::skipped, .name = detail::name_of(task)});
}

/// Compares the value that the task is given; a key is named by its symbol or by text.
[[nodiscard]] constexpr Rule context_value(detail::Named auto const& key, Operator op,
                                           detail::LiteralValue auto const& literal) {
  return detail::leaf({.kind = Kind::value,
                       .op = op,
                       .name = detail::name_of(key),
                       .literal = detail::literal_of(literal)});
}
/// For `exists` and `not_exists`; with another operator it compares with null.
[[nodiscard]] constexpr Rule context_value(detail::Named auto const& key, Operator op) {
  return context_value(key, op, nullptr);
}

}  // namespace cloacina::when
