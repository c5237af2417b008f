#pragma once

#include <string>

#include <cloacina/time.hpp>

namespace cloacina {

/// ISO 8601 in UTC, with a fraction where there is one: "2026-03-29T01:00:00+00:00". Of the years
/// 1 to 9999.
[[nodiscard]] std::string to_iso_text(Instant instant);

}  // namespace cloacina
