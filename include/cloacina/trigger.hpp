#pragma once

#include <cloacina/detail/checked_trigger.hpp>
#include <cloacina/task.hpp>

/// A trigger: a function that every runner which polls triggers registers when it starts, and one
/// of them polls. The braces after it are its body. It sees `trigger`, a `TriggerContext`, and
/// returns `skip()`, or `fire(…)` with what its workflow is to be given.
///
///   CLOACINA_TRIGGER(new_orders, .workflow = order_pipeline, .poll_interval = 5s) {
///     auto const last = trigger.state.contains("last") ? trigger.state.get_as<int>("last") : 0;
///     auto const next = first_order_after(last);
///     if (!next) return skip();
///     trigger.state.put("last", *next);
///     return fire(order_pipeline(order_id = *next));
///   }
///
/// The options are those of `TriggerOptions`. Belongs into one source file. What is taken out of a
/// program stays registered in its databases until it is deleted there.
#define CLOACINA_TRIGGER(...)                                                              \
  CLOACINA_DETAIL_TRIGGER_(::cloacina::TriggerResult, CLOACINA_DETAIL_HEAD(__VA_ARGS__, ), \
                           CLOACINA_DETAIL_TAIL(__VA_ARGS__, ))
/// The same with a coroutine as its body, which may `co_await` and ends with `co_return`.
#define CLOACINA_CO_TRIGGER(...)                                         \
  CLOACINA_DETAIL_TRIGGER_(::asio::awaitable<::cloacina::TriggerResult>, \
                           CLOACINA_DETAIL_HEAD(__VA_ARGS__, ),          \
                           CLOACINA_DETAIL_TAIL(__VA_ARGS__, ))
#define CLOACINA_DETAIL_TRIGGER_(RESULT, NAME, ...) \
  CLOACINA_DETAIL_TRIGGER(RESULT, NAME, __VA_ARGS__)
#define CLOACINA_DETAIL_TRIGGER(RESULT, NAME, ...)                                               \
  namespace {                                                                                    \
  struct NAME##_trigger : ::cloacina::detail::TriggerBase<NAME##_trigger> {                      \
    using result_type = RESULT;                                                                  \
    static constexpr ::cloacina::TriggerOptions options{__VA_ARGS__};                            \
    static constexpr ::std::string_view name = ::cloacina::detail::name_or(options.name, #NAME); \
    static result_type poll(::cloacina::TriggerContext& trigger);                                \
  };                                                                                             \
  static_assert(::cloacina::detail::check_trigger<NAME##_trigger>());                            \
  [[maybe_unused]] ::cloacina::detail::TriggerRegistrar const NAME##_trigger_registrar{          \
      &::cloacina::detail::make_trigger<NAME##_trigger>,                                         \
      ::cloacina::SourceLocation{__FILE__, __LINE__}};                                           \
  }                                                                                              \
  NAME##_trigger::result_type NAME##_trigger::poll(                                              \
      [[maybe_unused]] ::cloacina::TriggerContext& trigger)
