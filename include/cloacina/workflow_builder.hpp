#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <cloacina/detail/make_workflow.hpp>
#include <cloacina/detail/task_body.hpp>
#include <cloacina/task_context.hpp>
#include <cloacina/task_definition.hpp>
#include <cloacina/workflow.hpp>

namespace cloacina {

/// The body of a task that is given at run time: `void(TaskContext<>&)`, or
/// `asio::awaitable<void>(TaskContext<>&)` for a coroutine. May be called by several threads at
/// once. An empty `std::function` or a null pointer is no body: `build` refuses its task.
class TaskFunction {
 public:
  template <class Callable>
  requires std::invocable < Callable&, TaskContext<>
  & > &&std::copy_constructible<std::decay_t<Callable>> &&
      (!std::same_as<std::remove_cvref_t<Callable>, TaskFunction>)
          TaskFunction(Callable&& callable) {  // NOLINT: a lambda is a body
    using Result = std::invoke_result_t<Callable&, TaskContext<>&>;
    static_assert(std::is_void_v<Result> || std::is_same_v<Result, asio::awaitable<void>>,
                  "task body: it must return void, or asio::awaitable<void> for a coroutine");
    if (is_empty<std::decay_t<Callable>>(callable)) return;
    auto body = std::make_shared<detail::TaskBody>();
    if constexpr (std::is_void_v<Result>)
      body->run = [call = std::forward<Callable>(callable)](detail::TaskRun& run) mutable {
        TaskContext<> context{run};
        call(context);
      };
    else
      body->co_run = CoroutineBody<std::decay_t<Callable>>{std::forward<Callable>(callable)};
    body_ = std::move(body);
  }

  [[nodiscard]] std::shared_ptr<detail::TaskBody const> const& body() const noexcept {
    return body_;
  }

 private:
  template <class Callable>
  static bool is_empty(Callable const& callable) {
    if constexpr (std::is_constructible_v<Callable, std::nullptr_t> &&
                  requires { callable == nullptr; })
      return callable == nullptr;
    return false;
  }

  // Not a lambda: the coroutine's frame must not point into an object that may move.
  template <class Callable>
  struct CoroutineBody {
    Callable call;
    asio::awaitable<void> operator()(detail::TaskRun& run) { return start(call, run); }
    static asio::awaitable<void> start(Callable& call, detail::TaskRun& run) {
      TaskContext<> context{run};
      co_await call(context);
    }
  };

  std::shared_ptr<detail::TaskBody const> body_;
};

/// The options of a task that is given at run time: those of `TaskOptions` without their bounds.
struct TaskSettings {
  std::vector<std::string> after{};  ///< ids of tasks, in any order of appearance
  std::vector<KeyUse> reads{};       ///< key symbols, or names
  std::vector<KeyUse> writes{};      ///< the same, or `optional(key)`
  std::vector<KeyUse> merges{};
  RetryPolicy retry{};                                 ///< its texts are copied
  std::optional<std::chrono::milliseconds> timeout{};  ///< 0: none; up to 100 years
  TriggerRule trigger_rule{};
  std::function<void(std::string_view task_id, Context const& context)> on_success{};
  std::function<void(std::string_view task_id, std::string_view error, Context const& context)>
      on_failure{};
  std::int16_t priority = 0;
  ExecutionMode execution = ExecutionMode::at_least_once;
  std::uint32_t version = 1;
  std::string description{};
  std::string body_hash{};  ///< part of the content version, where the caller knows one
};

/// Builds a workflow at run time, by the same rules as `CLOACINA_WORKFLOW`: for graphs that are
/// generated, for other languages, for tests. \code
///   auto workflow = WorkflowBuilder{"import"}
///                       .task("load", [](TaskContext<>& context) { context.put("rows", 3); })
///                       .task("count", {"load"}, [](TaskContext<>& context) { … })
///                       .build();
/// \endcode
/// Up to 65 535 tasks. Used by one thread at a time; nothing blocks. Nothing is checked before
/// `build`.
class WorkflowBuilder {
 public:
  explicit WorkflowBuilder(std::string name);
  WorkflowBuilder(WorkflowBuilder&&) noexcept;
  WorkflowBuilder& operator=(WorkflowBuilder&&) noexcept;
  ~WorkflowBuilder();

  WorkflowBuilder& description(std::string text);
  /// A second value for one key replaces the first.
  WorkflowBuilder& tag(std::string key, std::string value);
  /// Part of the content version; 1 if not set.
  WorkflowBuilder& version(std::uint32_t number);
  /// Limit of one execution from its first start, up to 100 years; 0: none. The runner's if not
  /// set.
  WorkflowBuilder& timeout(std::chrono::milliseconds limit);
  /// A key that every execution is given.
  WorkflowBuilder& input(KeyUse key);

  WorkflowBuilder& task(std::string id, TaskFunction body) {
    return task(std::move(id), TaskSettings{}, std::move(body));
  }
  WorkflowBuilder& task(std::string id, TaskSettings settings, TaskFunction body);
  // Templates, so that they lose against the one above: g++ takes `{.writes = {"k"}}` for a list of
  // texts as well.
  template <class = void>
  WorkflowBuilder& task(std::string id, std::initializer_list<std::string_view> after,
                        TaskFunction body) {
    return task(std::move(id), TaskSettings{.after = {after.begin(), after.end()}},
                std::move(body));
  }
  template <std::same_as<std::vector<std::string>> Ids>
  WorkflowBuilder& task(std::string id, Ids after, TaskFunction body) {
    return task(std::move(id), TaskSettings{.after = std::move(after)}, std::move(body));
  }
  /// A task that `CLOACINA_TASK` declares, with the options that it has there.
  template <TaskSymbol Task>
  WorkflowBuilder& task(Task) {
    return add(detail::make_task(Task::info));
  }

  /// The workflow; the builder may be used on. Throws one `ValidationError` that lists every
  /// violation.
  [[nodiscard]] Workflow build() const;

 private:
  WorkflowBuilder& add(TaskDefinition task);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloacina
