#include "core/cron_days.hpp"

namespace cloacina {
namespace {

using detail::CronFields;

/// One month, whose days are numbers from 1 on.
class Month {
 public:
  explicit Month(std::chrono::year_month month)
      : length_(static_cast<unsigned>((month / std::chrono::last).day())),
        first_(std::chrono::weekday{std::chrono::local_days{month / 1}}.c_encoding()) {}

  [[nodiscard]] unsigned length() const noexcept { return length_; }
  [[nodiscard]] unsigned weekday(unsigned day) const noexcept { return (first_ + day - 1) % 7; }

  /// The day from Monday to Friday that is nearest and in this month.
  [[nodiscard]] unsigned nearest_weekday(unsigned day) const noexcept {
    auto const is = weekday(day);
    if (is == saturday) return day == 1 ? 3 : day - 1;
    if (is == sunday) return day == length_ ? day - 2 : day + 1;
    return day;
  }
  [[nodiscard]] std::uint32_t all() const noexcept {
    return static_cast<std::uint32_t>((std::uint64_t{1} << (length_ + 1)) - 2);
  }

 private:
  static constexpr unsigned sunday = 0, saturday = 6;

  unsigned length_, first_;
};

constexpr std::uint32_t bit(unsigned value) { return std::uint32_t{1} << value; }
constexpr bool has(std::uint32_t bits, unsigned value) { return (bits & bit(value)) != 0; }

std::uint32_t by_day_of_month(CronFields const& fields, Month const& month) {
  auto days = fields.days & month.all();
  auto const length = month.length();
  for (unsigned before = 0; before < length; ++before)
    if (has(fields.days_before_last, before)) days |= bit(length - before);
  for (unsigned day = 1; day <= length; ++day)
    if (has(fields.nearest_weekdays, day)) days |= bit(month.nearest_weekday(day));
  if (fields.last_weekday_of_month) days |= bit(month.nearest_weekday(length));
  return days;
}

std::uint32_t by_day_of_week(CronFields const& fields, Month const& month) {
  std::uint32_t days = 0;
  for (unsigned day = 1; day <= month.length(); ++day) {
    auto const weekday = month.weekday(day);
    if (has(fields.weekdays, weekday) || has(fields.nth_weekdays[weekday], (day + 6) / 7) ||
        (has(fields.last_weekdays, weekday) && day + 7 > month.length()))
      days |= bit(day);
  }
  return days;
}

}  // namespace

std::uint32_t cron_days(CronFields const& fields, std::chrono::year_month year_month) {
  Month const month{year_month};
  if (fields.any_day && fields.any_weekday) return month.all();
  if (fields.any_day) return by_day_of_week(fields, month);
  if (fields.any_weekday) return by_day_of_month(fields, month);
  return by_day_of_month(fields, month) | by_day_of_week(fields, month);
}

}  // namespace cloacina
