#pragma once

#include <string_view>

#include <asio/awaitable.hpp>

#include <cloacina/detail/sentences.hpp>
#include <cloacina/detail/task_info.hpp>
#include <cloacina/refs.hpp>
#include <cloacina/task_context.hpp>
#include <cloacina/task_options.hpp>

namespace cloacina::detail {

template <class Task>
void run_task(TaskRun& run) {
  TaskContext<Task> context{run};
  Task::execute(context);
}

template <class Task>
asio::awaitable<void> co_run_task(TaskRun& run) {
  TaskContext<Task> context{run};
  co_await Task::execute(context);
}

// `IsCoroutine` is a parameter of its own because `Task` is still incomplete where this is called.
template <class Task, bool IsCoroutine>
constexpr TaskInfo task_info(std::string_view name, TaskOptions const& options) noexcept {
  if constexpr (IsCoroutine)
    return {name, &options, nullptr, &co_run_task<Task>};
  else
    return {name, &options, &run_task<Task>, nullptr};
}

// A template, so that the compiler names the task.
template <class Task, bool HasValidId>
struct CheckedId {
  static_assert(HasValidId, "invalid task id: " CLOACINA_DETAIL_SAY_NAME);
};

}  // namespace cloacina::detail

// The arguments are one list, because clang 14 warns of a variadic macro without variadic
// arguments; the comma that CLOACINA_DETAIL_TAIL leaves at the end is allowed in a braced list.
#define CLOACINA_DETAIL_HEAD(NAME, ...) NAME
#define CLOACINA_DETAIL_TAIL(NAME, ...) __VA_ARGS__

#define CLOACINA_DETAIL_DECLARE(RESULT, IS_COROUTINE, NAME, ...)                               \
  struct NAME##_task : ::cloacina::TaskBase {                                                  \
    using result_type = RESULT;                                                                \
    [[maybe_unused]] static constexpr bool is_coroutine = IS_COROUTINE;                        \
    static constexpr ::cloacina::TaskOptions options{__VA_ARGS__};                             \
    static constexpr ::std::string_view name = ::cloacina::detail::name_or(options.id, #NAME); \
    [[maybe_unused]] static constexpr ::cloacina::detail::CheckedId<                           \
        NAME##_task, ::cloacina::detail::is_name(name)>                                        \
        checked_id{};                                                                          \
    static constexpr ::cloacina::detail::TaskInfo info =                                       \
        ::cloacina::detail::task_info<NAME##_task, IS_COROUTINE>(name, options);               \
    static result_type execute(::cloacina::TaskContext<NAME##_task>& context);                 \
  };                                                                                           \
  [[maybe_unused]] inline constexpr NAME##_task NAME {}

#define CLOACINA_DETAIL_DEFINE(NAME)             \
  NAME##_task::result_type NAME##_task::execute( \
      [[maybe_unused]] ::cloacina::TaskContext<NAME##_task>& context)

#define CLOACINA_DETAIL_DECLARE_(RESULT, IS_COROUTINE, NAME, ...) \
  CLOACINA_DETAIL_DECLARE(RESULT, IS_COROUTINE, NAME, __VA_ARGS__)
#define CLOACINA_DETAIL_DEFINE_(NAME) CLOACINA_DETAIL_DEFINE(NAME)

/// Declares a task in a header: `CLOACINA_DECLARE_TASK(extract, .reads = {order_id});`.
/// Its body stands in one source, in the same namespace or one around it:
/// `CLOACINA_DEFINE_TASK(extract) { … }`.
#define CLOACINA_DECLARE_TASK(...)                                           \
  CLOACINA_DETAIL_DECLARE_(void, false, CLOACINA_DETAIL_HEAD(__VA_ARGS__, ), \
                           CLOACINA_DETAIL_TAIL(__VA_ARGS__, ))
#define CLOACINA_DECLARE_CO_TASK(...)                                                          \
  CLOACINA_DETAIL_DECLARE_(::asio::awaitable<void>, true, CLOACINA_DETAIL_HEAD(__VA_ARGS__, ), \
                           CLOACINA_DETAIL_TAIL(__VA_ARGS__, ))

/// The body of a task that a header declares: `CLOACINA_DEFINE_TASK(extract) { … }`, for either
/// kind.
#define CLOACINA_DEFINE_TASK(NAME) CLOACINA_DETAIL_DEFINE(NAME)

/// Declares and defines a task; the braces after it are its body, which sees `context`, a
/// `TaskContext` of the task.
///
///   CLOACINA_TASK(summarise, .after = {extract}, .reads = {lines}, .writes = {total}) {
///     context.put(total, sum_of(context.get(lines)));
///   }
///
/// The options are those of `TaskOptions`. Belongs into one source file, as a function does.
#define CLOACINA_TASK(...)            \
  CLOACINA_DECLARE_TASK(__VA_ARGS__); \
  CLOACINA_DETAIL_DEFINE_(CLOACINA_DETAIL_HEAD(__VA_ARGS__, ))

/// The same with a coroutine as its body: an `asio::awaitable<void>` that may `co_await`.
#define CLOACINA_CO_TASK(...)            \
  CLOACINA_DECLARE_CO_TASK(__VA_ARGS__); \
  CLOACINA_DETAIL_DEFINE_(CLOACINA_DETAIL_HEAD(__VA_ARGS__, ))
