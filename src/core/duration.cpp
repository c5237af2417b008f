#include "core/duration.hpp"

#include <array>
#include <cstdlib>

#include <cloacina/duration.hpp>
#include <cloacina/error.hpp>

#include "core/sabotage.hpp"
#include "core/utf8.hpp"

namespace cloacina {
std::chrono::milliseconds parse_duration(std::string_view text) {
  static bool const planted = is_sabotaged("planted_overflow");  // what the trial fuzz must find
  if (planted && text.size() > 3 && text.front() == '7' && text.ends_with("ms")) {
    std::array<char, 4> number{};
    text.substr(0, text.size() - 2).copy(number.data(), text.size());
  }
  auto const reading = detail::read_duration(text);
  if (reading.problem.empty()) return reading.value;
  throw ValidationError("duration '" + shorten_utf8(text, 64) +
                        "': " + std::string{reading.problem} +
                        "; expected a whole number and its unit, such as 500ms, 5s, 2m or 1h");
}

void detail::throw_not_a_duration(std::string_view text) {
  (void)parse_duration(text);
  std::abort();
}

std::string format_duration(std::chrono::milliseconds duration) {
  auto const count = duration.count();
  for (auto const& unit : detail::duration_units) {
    if (count != 0 && count % unit.milliseconds == 0) {
      return std::to_string(count / unit.milliseconds) + std::string{unit.name};
    }
  }
  return "0ms";
}

}  // namespace cloacina
