#include "core/trigger_rules.hpp"

#include <algorithm>

#include "core/ascii.hpp"
#include "core/json_rules.hpp"
#include "core/json_text.hpp"
#include "core/sabotage.hpp"
#include "core/words.hpp"

namespace cloacina {
namespace {

using when::Kind;
using when::Operator;

constexpr std::string_view failure_mark = "upstream_failed: ";

constexpr std::array<std::string_view, 8> operator_words{"Equals",   "NotEquals", "GreaterThan",
                                                         "LessThan", "Contains",  "NotContains",
                                                         "Exists",   "NotExists"};
constexpr std::array<std::string_view, 8> snake_words{"equals",    "not_equals", "greater_than",
                                                      "less_than", "contains",   "not_contains",
                                                      "exists",    "not_exists"};
constexpr std::array<std::string_view, 4> symbols{"==", "!=", ">", "<"};  // of the first four

bool holds_element(Json const& value, Json const& literal) {
  if (value.is_array()) {
    return std::any_of(value.begin(), value.end(),
                       [&](Json const& e) { return json_equal(e, literal); });
  }
  if (!literal.is_string()) return false;
  auto const& text = literal.get_ref<std::string const&>();
  if (value.is_string()) return value.get_ref<std::string const&>().find(text) != std::string::npos;
  return value.is_object() && value.contains(text);
}

std::string describe_leaf(TriggerRule::Node const& node) {
  switch (node.kind) {
    case Kind::success:
      return "task_success(" + in_quotes(node.name) + ")";
    case Kind::failed:
      return "task_failed(" + in_quotes(node.name) + ")";
    case Kind::skipped:
      return "task_skipped(" + in_quotes(node.name) + ")";
    case Kind::value:
      break;
    default:
      return "always()";
  }
  auto text =
      "context_value(" + in_quotes(node.name) + ", " + std::string{word_of(node.op, snake_words)};
  bool const compares = node.op != Operator::exists && node.op != Operator::not_exists;
  if (compares) text += ", " + to_json_text(node.literal);
  return text + ")";
}

std::string_view combiner(Kind kind) noexcept {
  return kind == Kind::all ? "all(" : kind == Kind::any ? "any(" : "none(";
}

bool is_combination(Kind kind) noexcept {
  return kind == Kind::all || kind == Kind::any || kind == Kind::none;
}

}  // namespace

std::string upstream_failed(std::string_view dependency) {
  return std::string{failure_mark}.append(dependency);
}

bool tells_of_failure(std::string_view skip_reason) noexcept {
  return skip_reason.starts_with(failure_mark);
}

std::string rule_does_not_hold(TriggerRule const& rule) {
  return "trigger rule does not hold: " + describe(rule);
}

std::string describe(TriggerRule const& rule) {
  if (rule.is_default()) return "none_failed()";
  std::vector<std::string> parts;
  for (auto const& node : rule.nodes()) {
    if (!is_combination(node.kind)) {
      parts.push_back(describe_leaf(node));
      continue;
    }
    std::string text{combiner(node.kind)};
    auto const first = parts.end() - static_cast<std::ptrdiff_t>(node.arity);
    for (auto part = first; part != parts.end(); ++part)
      text += (part == first ? "" : ", ") + *part;
    parts.erase(first, parts.end());
    parts.push_back(text + ")");
  }
  return parts.back();
}

bool compare(Json const* value, Operator op, Json const& literal) {
  switch (op) {
    case Operator::equals:
      return value != nullptr && json_equal(*value, literal);
    case Operator::not_equals:
      return !compare(value, Operator::equals, literal);
    case Operator::greater_than:
      return value != nullptr && compare_numbers(*value, literal) > 0;
    case Operator::less_than:
      return value != nullptr && compare_numbers(*value, literal) < 0;
    case Operator::contains:
      return value != nullptr && holds_element(*value, literal);
    case Operator::not_contains:
      return !compare(value, Operator::contains, literal);
    case Operator::exists:
      return value != nullptr;
    case Operator::not_exists: {
      static bool const inverted = is_sabotaged("rule_inverted");  // for the trial dag_model
      return (value == nullptr) != inverted;
    }
  }
  return false;
}

std::string_view to_string(Operator op) noexcept { return word_of(op, operator_words); }

Operator operator_from(std::string_view word) {
  for (std::size_t i = 0; i < operator_words.size(); ++i) {
    if (word == snake_words[i] || (i < symbols.size() && word == symbols[i]))
      return static_cast<Operator>(i);
  }
  return enum_from<Operator>("operator", word, operator_words);
}

}  // namespace cloacina
