#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/json.hpp>
#include <cloacina/status.hpp>
#include <cloacina/when.hpp>

namespace cloacina {

/// When a task whose dependencies are all final runs; a value.
///
/// The run-time form of the constants in `cloacina::when`, from which it converts: names and
/// literals are owned, and nesting is not bounded. Kept as postfix nodes, so that it is evaluated
/// without recursion.
class TriggerRule {
 public:
  struct Node {
    when::Kind kind = when::Kind::none_failed;
    std::string name{};  ///< task id, or context key
    when::Operator op = when::Operator::exists;
    Json literal{};
    std::size_t arity =
        0;  ///< of `all`, `any`, `none`: how many rules before this node it combines
  };

  using StatusOf = std::function<TaskStatus(std::string_view task)>;
  using ValueOf = std::function<Json const*(std::string_view key)>;  ///< null: no such key

  /// `none_failed`: no dependency Failed, was Cancelled, or was Skipped because of a failure.
  TriggerRule() = default;
  /// Throws `ValidationError` for a literal that JSON does not hold (NaN, text that is not UTF-8).
  TriggerRule(when::Rule const& rule);  // NOLINT: a constant is a rule

  [[nodiscard]] bool is_default() const noexcept { return nodes_.empty(); }
  /// Names of the tasks that the rule looks at, each once, in order of appearance.
  [[nodiscard]] std::vector<std::string> tasks() const;
  /// Whether `task_failed(task)` stands anywhere in it: then the task that has this rule handles
  /// that failure.
  [[nodiscard]] bool names_failure_of(std::string_view task) const;

  /// Whether the rule holds; not for the default rule, which looks at dependencies (see
  /// core/trigger_rules).
  [[nodiscard]] bool holds(StatusOf const& status_of, ValueOf const& value_of) const;

  /// `{"type":"All","conditions":[…]}`; the default rule is `{"type":"NoneFailed"}`.
  [[nodiscard]] Json to_json() const;
  /// Throws `ValidationError` saying which part is not a rule. Depth is bounded by 64.
  [[nodiscard]] static TriggerRule from_json(Json const& value);

  [[nodiscard]] std::vector<Node> const& nodes() const noexcept { return nodes_; }

 private:
  std::vector<Node> nodes_;  // postfix
};

}  // namespace cloacina
