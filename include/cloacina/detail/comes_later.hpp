#pragma once

namespace cloacina::detail {

/// An option whose place is taken but which does not work yet: leaving it out compiles, setting it does not.
#define CLOACINA_DETAIL_COMES_LATER(TYPE, OPTION, WHAT)                                                  \
  template <class>                                                                                       \
  inline constexpr bool TYPE##_is_available = false;                                                     \
  struct TYPE##_option {                                                                                 \
    constexpr TYPE##_option() = default;                                                                 \
    template <class Value>                                                                               \
    constexpr TYPE##_option(Value const&) {                                                              \
      static_assert(TYPE##_is_available<Value>, "the option " OPTION " comes with a later version: " WHAT); \
    }                                                                                                    \
  };

CLOACINA_DETAIL_COMES_LATER(placement, ".placement", "leave it out, tasks run with the owner of their execution")
CLOACINA_DETAIL_COMES_LATER(queue, ".queue", "leave it out, tasks are not queued apart")
CLOACINA_DETAIL_COMES_LATER(durable_callbacks, ".durable_callbacks",
                            "leave it out, callbacks are called at most once")
#undef CLOACINA_DETAIL_COMES_LATER

}  // namespace cloacina::detail
