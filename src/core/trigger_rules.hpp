#pragma once

#include <string>
#include <string_view>

#include <cloacina/json.hpp>
#include <cloacina/status.hpp>
#include <cloacina/trigger_rule.hpp>

namespace cloacina {

// The default rule, `none_failed`, looks at dependencies; explicit rules are evaluated by
// `TriggerRule::holds`.

/// Whether a dependency that ended so keeps a task with the default rule from running. One that was
/// Skipped by its own rule does not; one that was Skipped because of a failure hands the failure
/// on.
[[nodiscard]] constexpr bool hands_on_failure(TaskStatus final_status,
                                              bool skipped_by_failure) noexcept {
  switch (final_status) {
    case TaskStatus::failed:
    case TaskStatus::cancelled:
      return true;
    case TaskStatus::skipped:
      return skipped_by_failure;
    default:
      return false;
  }
}

/// Why a task with the default rule was Skipped: "upstream_failed: load", naming the dependency
/// that stopped it.
[[nodiscard]] std::string upstream_failed(std::string_view dependency);
/// Whether a skip reason is one of `upstream_failed`, so that the skip hands the failure on.
[[nodiscard]] bool tells_of_failure(std::string_view skip_reason) noexcept;

/// Why a task with an explicit rule was Skipped: "trigger rule does not hold:
/// all(task_failed('load'))".
[[nodiscard]] std::string rule_does_not_hold(TriggerRule const& rule);

/// The rule in the words of `cloacina::when`, for people.
[[nodiscard]] std::string describe(TriggerRule const& rule);

/// One comparison; `value` is null for a missing key.
[[nodiscard]] bool compare(Json const* value, when::Operator op, Json const& literal);

/// "Equals", "NotEquals", …: the words of JSON.
[[nodiscard]] std::string_view to_string(when::Operator op) noexcept;
/// Reads these words, their snake_case forms, and `==`, `!=`, `>`, `<`. Throws `ValidationError`
/// naming them.
[[nodiscard]] when::Operator operator_from(std::string_view word);

}  // namespace cloacina
