#pragma once

namespace cloacina::detail {

// Options whose place is taken but which do not work yet: leaving one out compiles, setting it does
// not. Written out instead of made by a macro, because every level of expansion pushes the user's
// line away from the error.

template <class Value>
inline constexpr bool option_works = false;

struct placement_option {
  constexpr placement_option() = default;
  template <class Value>
  constexpr placement_option(
      Value const&) {  // NOLINT: what is assigned to the option is refused, whatever it is
    static_assert(option_works<Value>,
                  "the option .placement comes with a later version: leave it out");
  }
};

struct queue_option {
  constexpr queue_option() = default;
  template <class Value>
  constexpr queue_option(Value const&) {  // NOLINT
    static_assert(option_works<Value>,
                  "the option .queue comes with a later version: leave it out");
  }
};

struct durable_callbacks_option {
  constexpr durable_callbacks_option() = default;
  template <class Value>
  constexpr durable_callbacks_option(Value const&) {  // NOLINT
    static_assert(option_works<Value>,
                  "the option .durable_callbacks comes with a later version: leave it out");
  }
};

}  // namespace cloacina::detail
