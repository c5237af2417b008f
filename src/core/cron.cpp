#include "core/cron.hpp"

#include <algorithm>
#include <bit>

#include <cloacina/detail/read_cron.hpp>
#include <cloacina/error.hpp>

#include "core/cron_days.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

using namespace std::chrono;
using detail::CronFields;

// The 29th of February that is a fifth Monday comes once in 40 years at worst.
constexpr int longest_search_months = 12 * 100;

/// The lowest value of a set that is not below `least`.
std::optional<int> first_from(std::uint64_t values, int least) {
  if (least > 63) return std::nullopt;
  auto const left = values >> least << least;
  if (left == 0) return std::nullopt;
  return std::countr_zero(left);
}

/// The first time of a day that is not before this one.
std::optional<seconds> next_time_of_day(CronFields const& fields, seconds from) {
  hh_mm_ss const least{from};
  int hour = static_cast<int>(least.hours().count());
  int minute = static_cast<int>(least.minutes().count());
  int second = static_cast<int>(least.seconds().count());
  while (auto const at_hour = first_from(fields.hours, hour)) {
    if (*at_hour != hour) minute = second = 0;
    hour = *at_hour;
    while (auto const at_minute = first_from(fields.minutes, minute)) {
      if (*at_minute != minute) second = 0;
      minute = *at_minute;
      if (auto const at_second = first_from(fields.seconds, second))
        return hours{hour} + minutes{minute} + seconds{*at_second};
      ++minute;
      second = 0;
    }
    ++hour;
    minute = second = 0;
  }
  return std::nullopt;
}

/// The first local time that is not before this one.
std::optional<local_seconds> next_time(CronFields const& fields, local_seconds from) {
  year_month_day const begin{floor<days>(from)};
  auto month = begin.year() / begin.month();
  auto day = static_cast<int>(static_cast<unsigned>(begin.day()));
  auto time = from - floor<days>(from);
  for (int searched = 0; searched <= longest_search_months; ++searched) {
    if ((fields.months >> static_cast<unsigned>(month.month()) & 1U) != 0) {
      auto const fitting = cron_days(fields, month);
      for (auto at = first_from(fitting, day); at; at = first_from(fitting, *at + 1)) {
        auto const is_first = *at == day;
        if (auto const found = next_time_of_day(fields, is_first ? time : 0s))
          return local_days{month / *at} + *found;
        day = 0;  // later days begin at midnight
      }
    }
    month += months{1};
    day = 0;
    time = 0s;
  }
  return std::nullopt;
}

std::string field_help(detail::CronReading const& reading) {
  for (auto const& field : detail::cron_fields) {
    if (field.name != reading.field) continue;
    auto text = std::to_string(field.first) + " to " + std::to_string(field.last);
    if (!field.names.empty())
      text += " or " + std::string{field.names.substr(0, 3)} + " to " +
              std::string{field.names.substr(field.names.size() - 3)};
    text += ", with , - / and *";
    if (field.name == "day of month") text += ", also ?, L, L-3, LW and 15W";
    if (field.name == "day of week") text += " (0 and 7 are Sunday), also ?, 5L and 5#2";
    return text;
  }
  return "five fields (minute, hour, day of month, month, day of week), six with leading seconds, "
         "or @yearly, @monthly, @weekly, @daily or @hourly";
}

std::string_view words(detail::CronProblem problem) {
  using detail::CronProblem;
  switch (problem) {
    case CronProblem::none:
      break;
    case CronProblem::empty:
      return "is empty";
    case CronProblem::number_of_fields:
      return "has another number of fields";
    case CronProblem::unknown_shorthand:
      return "is no shorthand";
    case CronProblem::missing_value:
      return "a value is missing";
    case CronProblem::unknown_name:
      return "is no name";
    case CronProblem::out_of_range:
      return "is out of range";
    case CronProblem::reversed_range:
      return "ends before it begins; write two ranges with a comma";
    case CronProblem::zero_step:
      return "is no step";
    case CronProblem::step_too_large:
      return "is a step beyond the field's end, which would never be taken";
    case CronProblem::not_here:
      return "may not stand in this field";
    case CronProblem::misplaced:
      return "is not expected here";
    case CronProblem::never_fires:
      return "never fires: no such day is in any of its months";
  }
  return "is right";
}

}  // namespace

sys_seconds first_reached(local_seconds time, TimeZone const& zone) {
  // No offset is as long: whatever comes before this has not reached it.
  auto period = zone.period_at(sys_seconds{time.time_since_epoch()} - hours{36});
  for (;;) {
    sys_seconds const instant{time.time_since_epoch() - period.offset};
    if (instant < period.end) return std::max(instant, period.begin);
    period = zone.period_at(period.end);
  }
}

CronExpression CronExpression::parse(std::string_view text) {
  auto const reading = detail::CronReader::read(text);
  if (reading.problem != detail::CronProblem::none) throw ValidationError(describe(text, reading));
  return {text, reading.fields};
}

std::optional<sys_seconds> CronExpression::next_after(sys_seconds instant,
                                                      TimeZone const& zone) const {
  auto const local_of = [](sys_seconds at, ZonePeriod const& period) {
    return local_seconds{at.time_since_epoch() + period.offset};
  };
  auto period = zone.period_at(instant);
  if (!fields_.follows_elapsed_time) {
    auto time = next_time(fields_, local_of(instant, period) + 1s);
    // Where clocks were set back, what they show again has fired.
    while (time && first_reached(*time, zone) <= instant) time = next_time(fields_, *time + 1s);
    if (!time) return std::nullopt;
    return first_reached(*time, zone);
  }
  auto const end_of_search = instant + months{longest_search_months};
  for (auto from = instant + 1s; from < end_of_search; from = period.end) {
    period = zone.period_at(from);
    auto const time = next_time(fields_, local_of(from, period));
    if (!time) return std::nullopt;
    sys_seconds const found{time->time_since_epoch() - period.offset};
    if (found < period.end) return found;
  }
  return std::nullopt;
}

std::string describe(std::string_view text, detail::CronReading const& reading) {
  auto message = "cron expression '" + shorten_utf8(text, 128) + "': ";
  if (!reading.field.empty()) message += std::string{reading.field} + ": ";
  if (reading.length != 0)
    message += "'" + shorten_utf8(text.substr(reading.position, reading.length), 64) + "' ";
  message += words(reading.problem);
  message += " (position " + std::to_string(reading.position + 1) + "); expected ";
  return message + field_help(reading);
}

}  // namespace cloacina
