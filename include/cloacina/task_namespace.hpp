#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace cloacina {

/// The full name of a task: `tenant::package::workflow::task`. A value; without a task it names the
/// workflow.
class TaskNamespace {
 public:
  /// Throws `ValidationError` if a part is no name: 1 to 255 bytes of UTF-8 without control
  /// characters, without `::` and without a colon at an end. The task may be empty.
  TaskNamespace(std::string tenant, std::string package, std::string workflow, std::string task);
  /// With the defaults `public::embedded`.
  TaskNamespace(std::string workflow, std::string task);

  /// Reads what `to_string` prints: exactly four parts. Throws `ValidationError`.
  [[nodiscard]] static TaskNamespace parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] std::string const& tenant() const noexcept { return tenant_; }
  [[nodiscard]] std::string const& package() const noexcept { return package_; }
  [[nodiscard]] std::string const& workflow() const noexcept { return workflow_; }
  /// Empty in a name of a workflow.
  [[nodiscard]] std::string const& task() const noexcept { return task_; }

  /// The name of the workflow. Its own parent is itself.
  [[nodiscard]] TaskNamespace parent() const;
  /// Whether this is a task and `other` is its workflow.
  [[nodiscard]] bool is_child_of(TaskNamespace const& other) const noexcept;
  /// Whether both are tasks of one workflow, and not the same one.
  [[nodiscard]] bool is_sibling_of(TaskNamespace const& other) const noexcept;

  friend auto operator<=>(TaskNamespace const&, TaskNamespace const&) = default;

 private:
  std::string tenant_, package_, workflow_, task_;
};

}  // namespace cloacina

template <>
struct std::hash<cloacina::TaskNamespace> {
  [[nodiscard]] std::size_t operator()(cloacina::TaskNamespace const& name) const {
    return std::hash<std::string>{}(name.to_string());
  }
};
