#pragma once

#include <chrono>

namespace cloacina {

/// A point in time as it is stored: microseconds since 1970-01-01 UTC.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

/// No time limit, delay or wait is longer: 100 years. So the sum with a point in time of ours,
/// which is of this age, fits into 64 bits of nanoseconds.
inline constexpr std::chrono::milliseconds longest_duration = std::chrono::hours{24 * 365 * 100};

namespace detail {

constexpr bool in_range(std::chrono::milliseconds duration) noexcept {
  return duration.count() >= 0 && duration <= longest_duration;
}

}  // namespace detail

/// How long a call waits at most. Every duration is one: less than nothing is nothing, and more
/// than `longest_duration` is that, so that `std::chrono::hours::max()` waits as good as for ever.
class WaitTime {
 public:
  template <class Rep, class Period>
  constexpr WaitTime(std::chrono::duration<Rep, Period> time) noexcept  // NOLINT: see above
      : value_(clamped(time)) {}

  [[nodiscard]] constexpr std::chrono::nanoseconds value() const noexcept { return value_; }

 private:
  // Compared as floating point: the largest values of most types do not fit into one another.
  template <class Duration>
  static constexpr std::chrono::nanoseconds clamped(Duration time) noexcept {
    using Seconds = std::chrono::duration<double>;
    if (!(Seconds{time} > Seconds{0})) return std::chrono::nanoseconds{0};
    if (Seconds{time} >= Seconds{longest_duration}) return longest_duration;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time);
  }

  std::chrono::nanoseconds value_;
};

}  // namespace cloacina
