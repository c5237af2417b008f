#pragma once

#include <chrono>
#include <concepts>
#include <string_view>

#include <cloacina/detail/read_duration.hpp>

namespace cloacina {

namespace detail {

/// In a constant, the compiler's error shows this call: a text that is no duration.
[[noreturn]] void throw_not_a_duration(std::string_view text);

}  // namespace detail

/// A length of time as an option takes it: one of the standard's, or a whole number and its unit as
/// text: `5s`, "500ms", "5s", "2m", "1h". Text that is none of these does not compile where a
/// constant is needed, and is a `ValidationError` elsewhere.
class Duration {
 public:
  template <class Rep, class Period>
  requires std::convertible_to<std::chrono::duration<Rep, Period>, std::chrono::milliseconds>
  constexpr Duration(std::chrono::duration<Rep, Period> duration) noexcept  // NOLINT: see above
      : value_(duration) {}
  constexpr Duration(char const* text) : Duration(std::string_view{text}) {}  // NOLINT
  constexpr Duration(std::string_view text) {                                 // NOLINT
    auto const reading = detail::read_duration(text);
    if (!reading.problem.empty()) detail::throw_not_a_duration(text);
    value_ = reading.value;
  }

  [[nodiscard]] constexpr std::chrono::milliseconds value() const noexcept { return value_; }

 private:
  std::chrono::milliseconds value_{0};
};

}  // namespace cloacina
