#include <algorithm>
#include <array>
#include <initializer_list>

#include <cloacina/error.hpp>
#include <cloacina/trigger_rule.hpp>

#include "core/json_rules.hpp"
#include "core/json_text.hpp"
#include "core/trigger_rules.hpp"
#include "core/utf8.hpp"
#include "core/words.hpp"

namespace cloacina {
namespace {

using when::Kind;

constexpr std::size_t max_depth = 64;

// In the order of `Kind`.
constexpr std::array<std::string_view, 9> kind_words{"NoneFailed", "Always",      "TaskSuccess",
                                                     "TaskFailed", "TaskSkipped", "ContextValue",
                                                     "All",        "Any",         "None"};

/// The parts of a rule that were entered, for messages: "conditions[2].conditions[0]".
struct Place {
  Place const* parent = nullptr;
  std::size_t index = 0;

  [[nodiscard]] std::size_t depth() const noexcept {
    return parent == nullptr ? 0 : parent->depth() + 1;
  }
  [[nodiscard]] std::string text() const {
    if (parent == nullptr) return "";
    auto const before = parent->text();
    return (before.empty() ? "" : before + ".") + "conditions[" + std::to_string(index) + "]";
  }
};

[[noreturn]] void refuse(Place const& place, std::string const& problem) {
  auto const text = place.text();
  throw ValidationError("trigger rule" + (text.empty() ? "" : " at " + text) + ": " + problem,
                        text);
}

Json const& member(Place const& place, Json const& rule, std::string_view name) {
  auto const found = rule.find(std::string{name});
  if (found == rule.end()) refuse(place, "'" + std::string{name} + "' is missing");
  return *found;
}

std::string text_member(Place const& place, Json const& rule, std::string_view name) {
  auto const& value = member(place, rule, name);
  if (!value.is_string() || value.get_ref<std::string const&>().empty()) {
    refuse(place, "'" + std::string{name} + "' is not a text");
  }
  if (!is_valid_utf8(value.get_ref<std::string const&>()))
    refuse(place, "'" + std::string{name} + "' is not UTF-8");
  return value.get<std::string>();
}

void allow_members(Place const& place, Json const& rule,
                   std::initializer_list<std::string_view> known) {
  for (auto const& [name, value] : rule.get_ref<Json::object_t const&>()) {
    if (name != "type" && std::find(known.begin(), known.end(), name) == known.end()) {
      refuse(place, "unknown member '" + shorten_utf8(name, 64) + "'");
    }
  }
}

Kind kind_at(Place const& place, Json const& rule) {
  if (!rule.is_object())
    refuse(place, "expected an object with a 'type', found " + std::string{rule.type_name()});
  auto const word = text_member(place, rule, "type");
  for (std::size_t i = 0; i < kind_words.size(); ++i) {
    if (kind_words[i] == word) return static_cast<Kind>(i);
  }
  refuse(place, "unknown type '" + shorten_utf8(word, 64) + "'; the types are " +
                    list_of(kind_words, kind_words.size()));
}

TriggerRule::Node value_node(Place const& place, Json const& rule) {
  allow_members(place, rule, {"key", "operator", "value"});
  TriggerRule::Node node{.kind = Kind::value, .name = text_member(place, rule, "key")};
  auto const word = text_member(place, rule, "operator");
  try {
    node.op = operator_from(word);
  } catch (ValidationError const& error) {
    refuse(place, error.what());
  }
  bool const compares = node.op != when::exists && node.op != when::not_exists;
  if (compares || rule.contains("value")) node.literal = member(place, rule, "value");
  check_storable(node.name, node.literal);
  return node;
}

/// Appends the rule in postfix order. Recursion is bounded by `max_depth`.
void append(Place const& place, Json const& rule, std::vector<TriggerRule::Node>& nodes) {
  if (place.depth() > max_depth)
    refuse(place, "nested deeper than " + std::to_string(max_depth) + " levels");
  auto const kind = kind_at(place, rule);
  switch (kind) {
    case Kind::none_failed:
      refuse(place, "'NoneFailed' is the default of a whole rule and cannot be a part of one");
    case Kind::always:
      allow_members(place, rule, {});
      nodes.push_back({.kind = kind});
      return;
    case Kind::success:
    case Kind::failed:
    case Kind::skipped:
      allow_members(place, rule, {"task_name"});
      nodes.push_back({.kind = kind, .name = text_member(place, rule, "task_name")});
      return;
    case Kind::value:
      nodes.push_back(value_node(place, rule));
      return;
    case Kind::all:
    case Kind::any:
    case Kind::none:
      break;
  }
  allow_members(place, rule, {"conditions"});
  auto const& conditions = member(place, rule, "conditions");
  if (!conditions.is_array()) refuse(place, "'conditions' is not an array");
  for (std::size_t i = 0; i < conditions.size(); ++i) append({&place, i}, conditions[i], nodes);
  nodes.push_back({.kind = kind, .arity = conditions.size()});
}

Json json_of(TriggerRule::Node const& node, std::vector<Json>& parts) {
  Json rule = Json::object();
  rule["type"] = word_of(node.kind, kind_words);
  switch (node.kind) {
    case Kind::none_failed:
    case Kind::always:
      break;
    case Kind::success:
    case Kind::failed:
    case Kind::skipped:
      rule["task_name"] = node.name;
      break;
    case Kind::value:
      rule["key"] = node.name;
      rule["operator"] = to_string(node.op);
      rule["value"] = node.literal;
      break;
    case Kind::all:
    case Kind::any:
    case Kind::none: {
      auto const first = parts.end() - static_cast<std::ptrdiff_t>(node.arity);
      rule["conditions"] =
          Json::array_t(std::make_move_iterator(first), std::make_move_iterator(parts.end()));
      parts.erase(first, parts.end());
      break;
    }
  }
  return rule;
}

}  // namespace

Json TriggerRule::to_json() const {
  if (is_default()) return Json{{"type", kind_words.front()}};
  std::vector<Json> parts;
  for (auto const& node : nodes_) {
    auto rule = json_of(node, parts);
    parts.push_back(std::move(rule));
  }
  return std::move(parts.back());
}

TriggerRule TriggerRule::from_json(Json const& value) {
  TriggerRule rule;
  if (kind_at({}, value) == Kind::none_failed) {
    allow_members({}, value, {});
    return rule;
  }
  append({}, value, rule.nodes_);
  return rule;
}

}  // namespace cloacina
