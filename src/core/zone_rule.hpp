#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/cron.hpp"

namespace cloacina {

/// The day of a year, and the time of that day, at which clocks change every year.
struct YearlyChange {
  enum class Form {
    nth_weekday,    ///< `M3.2.0`: of month 3 the second Sunday; week 5 is the last one
    without_leap,   ///< `J60`: 1 to 365, and 29 February is not counted
    from_new_year,  ///< `59`: 0 to 365
  };
  Form form = Form::nth_weekday;
  unsigned month = 1, week = 1, day = 0;
  std::chrono::seconds time{};  ///< from -167 to 167 hours: it may lead to another day

  [[nodiscard]] std::chrono::local_seconds in(std::chrono::year year) const;
};

/// What holds in a zone from some day on for ever, in the form of the variable TZ (POSIX; RFC 8536
/// for hours beyond a day): `CET-1CEST,M3.5.0,M10.5.0/3`.
class ZoneRule {
 public:
  /// Nothing if it cannot be read, or says of clocks that change not when they do.
  [[nodiscard]] static std::optional<ZoneRule> parse(std::string_view text);

  /// Of instants within 20 000 years from now.
  [[nodiscard]] ZonePeriod period_at(std::chrono::sys_seconds instant) const;

 private:
  struct Summer {
    std::chrono::seconds offset;
    YearlyChange begin, end;  ///< each by the clocks that it puts an end to
  };

  std::chrono::seconds offset_{};  ///< what to add to UTC
  std::optional<Summer> summer_;   ///< a winter, where that has a name of its own: Ireland

  friend class ZoneRuleReader;
};

}  // namespace cloacina
