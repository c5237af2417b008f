#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <cloacina/time.hpp>

namespace cloacina {

/// Where durations lie that are stored or configured, in words.
inline constexpr std::string_view allowed_durations = "0ms to 100 years";

/// Reads a whole number and its unit: "500ms", "5s", "2m", "1h". Throws `ValidationError` for
/// anything else, a sign and white space included, and beyond `longest_duration`.
[[nodiscard]] std::chrono::milliseconds parse_duration(std::string_view text);

/// In the largest unit that leaves no rest: "1500ms", "90s", "2m", "1h"; "0ms" for none.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace cloacina
