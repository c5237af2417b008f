#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <cloacina/bounded_list.hpp>
#include <cloacina/detail/comes_later.hpp>
#include <cloacina/execution_mode.hpp>
#include <cloacina/refs.hpp>
#include <cloacina/retry_policy.hpp>
#include <cloacina/when.hpp>

namespace cloacina {

class Context;

/// Room of every list in `TaskOptions` and `WorkflowOptions`; larger workflows go through
/// `WorkflowBuilder`.
inline constexpr std::size_t max_listed = 128;

/// Called after the final outcome of a task is recorded, on a worker thread; what it throws is
/// logged.
using OnSuccess = void (*)(std::string_view task_id, Context const& context);
using OnFailure = void (*)(std::string_view task_id, std::string_view error,
                           Context const& context);

/// The options of `CLOACINA_TASK`, filled by designated initialisers in this order. Fields are only
/// ever appended.
struct TaskOptions {
  /// Tasks that must be final before this one runs: symbols, or ids of tasks that are declared
  /// later.
  BoundedList<TaskRef, max_listed> after{};
  /// Keys that the body may read. With neither `.reads` nor `.writes` the body gets the untyped
  /// context.
  BoundedList<KeyRef, max_listed> reads{};
  /// Keys that the body puts, each time, unless written `optional(key)`; it may read them too.
  BoundedList<WriteRef, max_listed> writes{};
  /// Keys that several branches upstream write, and whose values meet here by the rules of merging.
  BoundedList<KeyRef, max_listed> merges{};
  RetryPolicy retry{};
  /// Limit of one attempt, up to 100 years; absent: the runner's; 0: none.
  std::optional<std::chrono::milliseconds> timeout{};
  /// When the task runs, once its dependencies are final; the default is `none_failed`.
  when::Rule trigger_rule{};
  OnSuccess on_success = nullptr;
  OnFailure on_failure = nullptr;
  /// Among the ready tasks of one runner; higher first.
  std::int16_t priority = 0;
  ExecutionMode execution = ExecutionMode::at_least_once;
  detail::placement_option placement{};
  detail::queue_option queue{};
  /// Part of the content version: raise it when the body changes its meaning.
  std::uint32_t version = 1;
  /// The task's id; the symbol's name if empty.
  std::string_view id{};
  std::string_view description{};
};

}  // namespace cloacina
