#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <cloacina/detail/cron_fields.hpp>

namespace cloacina {

/// While it lasts, local time is UTC plus one offset.
struct ZonePeriod {
  std::chrono::sys_seconds begin, end;  ///< the end is the next one's begin
  std::chrono::seconds offset;
};

/// A time zone, as far as schedules need one. Who implements it knows where its rules come from.
class TimeZone {
 public:
  TimeZone() = default;
  TimeZone(TimeZone const&) = delete;
  TimeZone& operator=(TimeZone const&) = delete;
  virtual ~TimeZone() = default;
  [[nodiscard]] virtual ZonePeriod period_at(std::chrono::sys_seconds instant) const = 0;
};

/// The first instant at which clocks of the zone have reached this time: where they skip it, the
/// one after the gap; where they show it twice, the earlier one.
[[nodiscard]] std::chrono::sys_seconds first_reached(std::chrono::local_seconds time,
                                                     TimeZone const& zone);

/// When a schedule fires: five fields, or six with leading seconds.
class CronExpression {
 public:
  /// Throws `ValidationError` saying which field is wrong, where, and what it may hold.
  [[nodiscard]] static CronExpression parse(std::string_view text);

  [[nodiscard]] std::string const& text() const noexcept { return text_; }
  [[nodiscard]] detail::CronFields const& fields() const noexcept { return fields_; }

  /// The first instant after this one at which it fires; nothing if there is none within 100 years.
  /// A time that the zone's clocks skip fires when the gap ends, one that they show twice at the
  /// first of both. Expressions in whose minutes or hours an item begins with `*` follow the time
  /// that passes instead: whatever instant looks right fires.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next_after(std::chrono::sys_seconds instant,
                                                                   TimeZone const& zone) const;

 private:
  CronExpression(std::string_view text, detail::CronFields const& fields)
      : text_(text), fields_(fields) {}

  std::string text_;
  detail::CronFields fields_;
};

/// What is wrong with an expression that could not be read, and what was expected.
[[nodiscard]] std::string describe(std::string_view text, detail::CronReading const& reading);

}  // namespace cloacina
