#include <cloacina/trigger_rule.hpp>

#include <algorithm>

#include "core/json_rules.hpp"
#include "core/trigger_rules.hpp"

namespace cloacina {
namespace {

using when::Kind;

bool names_task(Kind kind) noexcept {
  return kind == Kind::success || kind == Kind::failed || kind == Kind::skipped;
}

Json json_of(when::Literal const& literal) {
  return std::visit(
      [](auto const& value) {
        if constexpr (std::same_as<decltype(value), std::string_view const&>)
          return Json(std::string{value});
        else
          return Json(value);
      },
      literal);
}

bool leaf_holds(TriggerRule::Node const& node, TriggerRule::StatusOf const& status_of,
                TriggerRule::ValueOf const& value_of) {
  switch (node.kind) {
    case Kind::success:
      return status_of(node.name) == TaskStatus::completed;
    case Kind::failed:
      return status_of(node.name) == TaskStatus::failed;
    case Kind::skipped:
      return status_of(node.name) == TaskStatus::skipped;
    case Kind::value:
      return compare(value_of(node.name), node.op, node.literal);
    default:
      return true;
  }
}

}  // namespace

TriggerRule::TriggerRule(when::Rule const& rule) {
  nodes_.reserve(rule.size);
  for (std::size_t i = 0; i < rule.size; ++i) {
    auto const& node = rule.nodes[i];
    nodes_.push_back(
        {node.kind, std::string{node.name}, node.op, json_of(node.literal), node.arity});
    if (node.kind == Kind::value) check_storable(node.name, nodes_.back().literal);
  }
}

std::vector<std::string> TriggerRule::tasks() const {
  std::vector<std::string> names;
  for (auto const& node : nodes_) {
    if (names_task(node.kind) && std::find(names.begin(), names.end(), node.name) == names.end()) {
      names.push_back(node.name);
    }
  }
  return names;
}

bool TriggerRule::names_failure_of(std::string_view task) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](Node const& node) {
    return node.kind == Kind::failed && node.name == task;
  });
}

bool TriggerRule::holds(StatusOf const& status_of, ValueOf const& value_of) const {
  std::vector<bool> results;  // of the rules that no node has combined yet
  for (auto const& node : nodes_) {
    auto const first = results.end() - static_cast<std::ptrdiff_t>(node.arity);
    bool result = false;
    switch (node.kind) {
      case Kind::all:
        result = std::find(first, results.end(), false) == results.end();
        break;
      case Kind::any:
        result = std::find(first, results.end(), true) != results.end();
        break;
      case Kind::none:
        result = std::find(first, results.end(), true) == results.end();
        break;
      default:
        result = leaf_holds(node, status_of, value_of);
        break;
    }
    results.erase(first, results.end());
    results.push_back(result);
  }
  return results.empty() || results.back();
}

}  // namespace cloacina
