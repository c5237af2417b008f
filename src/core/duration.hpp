#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace cloacina {

/// The longest duration that is read: 366 days.
inline constexpr std::chrono::milliseconds longest_duration = std::chrono::hours{24 * 366};

/// Reads a whole number and its unit: "500ms", "5s", "2m", "1h". Throws `ValidationError` for
/// anything else, a sign and white space included, and beyond `longest_duration`.
[[nodiscard]] std::chrono::milliseconds parse_duration(std::string_view text);

/// In the largest unit that leaves no rest: "1500ms", "90s", "2m", "1h"; "0ms" for none.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

}  // namespace cloacina
