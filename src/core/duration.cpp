#include "core/duration.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include <cloacina/error.hpp>

#include "core/sabotage.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<Unit, 4> units{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

[[noreturn]] void refuse(std::string_view text, std::string_view problem) {
  throw ValidationError("duration '" + shorten_utf8(text, 64) + "': " + std::string{problem} +
                        "; expected a whole number and its unit, such as 500ms, 5s, 2m or 1h");
}

}  // namespace

std::chrono::milliseconds parse_duration(std::string_view text) {
  static bool const planted = is_sabotaged("planted_overflow");  // what the trial fuzz must find
  if (planted && text.size() > 3 && text.front() == '7' && text.ends_with("ms")) {
    std::array<char, 4> number{};
    text.substr(0, text.size() - 2).copy(number.data(), text.size());
  }
  std::uint64_t number = 0;
  auto const* const last = text.data() + text.size();
  auto const [end, error] = std::from_chars(text.data(), last, number);
  if (error == std::errc::invalid_argument) refuse(text, "does not begin with a number");
  std::string_view const name{end, static_cast<std::size_t>(last - end)};
  if (name.empty()) refuse(text, "has no unit");
  for (auto const& unit : units) {
    if (unit.name != name) continue;
    auto const most = static_cast<std::uint64_t>(longest_duration.count() / unit.milliseconds);
    if (error == std::errc::result_out_of_range || number > most)
      refuse(text, "is longer than 100 years");
    return std::chrono::milliseconds{static_cast<std::int64_t>(number) * unit.milliseconds};
  }
  refuse(text, "has an unknown unit");
}

std::string format_duration(std::chrono::milliseconds duration) {
  auto const count = duration.count();
  for (auto const& unit : units) {
    if (count != 0 && count % unit.milliseconds == 0) {
      return std::to_string(count / unit.milliseconds) + std::string{unit.name};
    }
  }
  return "0ms";
}

}  // namespace cloacina
