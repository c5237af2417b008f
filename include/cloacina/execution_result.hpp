#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/invocation.hpp>
#include <cloacina/status.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

/// What became of one task of an execution.
struct TaskResult {
  std::string id;
  TaskStatus status = TaskStatus::not_started;
  std::uint32_t attempts = 0;  ///< bodies that were started
  std::uint32_t crashes = 0;   ///< owners that vanished under it
  std::string error;           ///< of the last failed attempt; empty: none
  std::string skip_reason;
  std::optional<Instant> started, completed;
};

/// How an execution ended, with everything it left behind. Immutable; copies share the content;
/// thread-safe.
class ExecutionResult {
 public:
  struct Data;
  ExecutionResult() noexcept =
      default;  ///< what an asynchronous wait that failed hands over; ask it nothing
  explicit ExecutionResult(std::shared_ptr<Data const> data) noexcept : data_(std::move(data)) {}

  [[nodiscard]] ExecutionId id() const noexcept;
  [[nodiscard]] std::string const& workflow() const noexcept;
  [[nodiscard]] std::string const& version() const noexcept;
  [[nodiscard]] WorkflowStatus status() const noexcept;
  /// Which tasks failed and why; the reason of a cancel; empty when Completed.
  [[nodiscard]] std::string const& error() const noexcept;
  /// The final context, whatever the status.
  [[nodiscard]] Context const& context() const noexcept;
  /// In the order in which the workflow lists its tasks.
  [[nodiscard]] std::vector<TaskResult> const& tasks() const noexcept;
  /// Throws `ValidationError` if there is no such task.
  [[nodiscard]] TaskResult const& task(std::string_view id) const;
  [[nodiscard]] std::optional<Instant> started_at() const noexcept;
  [[nodiscard]] Instant completed_at() const noexcept;
  /// From the first start to the end; zero if nothing started.
  [[nodiscard]] std::chrono::microseconds duration() const noexcept;
  /// A mermaid flowchart with the state, attempts and duration of each task.
  [[nodiscard]] std::string to_mermaid() const;
  /// The same for Graphviz.
  [[nodiscard]] std::string to_dot() const;

  /// The final context of a Completed execution; throws `ExecutionFailed` or `ExecutionCancelled`.
  [[nodiscard]] Context const& value() const;
  /// One value of `value()`; throws `ContextError` as well if no task put it.
  template <class Key>
  [[nodiscard]] auto get(Key) const -> typename Key::value_type {
    return value().template get_as<typename Key::value_type>(Key::name);
  }

 private:
  std::shared_ptr<Data const> data_;
};

/// The result of `Workflow`, a workflow declared by macro: the compiler knows which keys it can
/// have.
template <class WorkflowType>
class TypedResult : public ExecutionResult {
 public:
  TypedResult() noexcept = default;
  explicit TypedResult(ExecutionResult result) noexcept : ExecutionResult(std::move(result)) {}

  template <class Key>
  [[nodiscard]] auto get(Key key) const -> typename Key::value_type {
    detail::check_output<WorkflowType, Key>();
    return ExecutionResult::get(key);
  }
};

}  // namespace cloacina
