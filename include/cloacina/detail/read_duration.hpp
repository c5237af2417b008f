#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <cloacina/time.hpp>

namespace cloacina::detail {

struct DurationUnit {
  std::string_view name;
  std::int64_t milliseconds;
};
inline constexpr std::array<DurationUnit, 4> duration_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

/// A text such as "500ms", read; `problem` is empty if it is one.
struct DurationReading {
  std::string_view problem{};
  std::chrono::milliseconds value{0};
};

constexpr DurationReading read_duration(std::string_view text) noexcept {
  constexpr std::string_view too_long = "is longer than 100 years";
  std::size_t digits = 0;
  std::int64_t number = 0;
  bool fits = true;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    fits = fits && number <= longest_duration.count();
    if (fits) number = number * 10 + (text[digits] - '0');
  }
  if (digits == 0) return {.problem = "does not begin with a number"};
  auto const unit_name = text.substr(digits);
  if (unit_name.empty()) return {.problem = "has no unit"};
  for (auto const& unit : duration_units) {
    if (unit.name != unit_name) continue;
    if (!fits || number > longest_duration.count() / unit.milliseconds)
      return {.problem = too_long};
    return {.problem = {}, .value = std::chrono::milliseconds{number * unit.milliseconds}};
  }
  return {.problem = "has an unknown unit"};
}

}  // namespace cloacina::detail
