#include "core/instant_text.hpp"

#include <array>
#include <cstdio>

namespace cloacina {

std::string to_iso_text(Instant instant) {
  using namespace std::chrono;
  auto const day = floor<days>(instant);
  year_month_day const date{day};
  hh_mm_ss const time{instant - day};
  std::array<char, 48> text{};
  auto length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  std::string result{text.data(), static_cast<std::size_t>(length)};
  if (auto const rest = time.subseconds().count(); rest != 0) {
    length = std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(rest));
    result.append(text.data(), static_cast<std::size_t>(length));
  }
  return result + "+00:00";
}

}  // namespace cloacina
