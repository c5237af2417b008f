#include "core/zone_rule.hpp"

#include <algorithm>
#include <array>

namespace cloacina {

using namespace std::chrono;

local_seconds YearlyChange::in(year year) const {
  switch (form) {
    case Form::nth_weekday: {
      std::chrono::weekday const weekday{day};
      auto const of = year / std::chrono::month{month};
      return (week == 5 ? local_days{of / weekday[last]} : local_days{of / weekday[week]}) + time;
    }
    case Form::without_leap: {
      bool const is_after_leap_day = year.is_leap() && day >= 60;
      return local_days{year / January / 1} + days{day - (is_after_leap_day ? 0 : 1)} + time;
    }
    case Form::from_new_year:
      break;
  }
  return local_days{year / January / 1} + days{day} + time;
}

/// Takes a rule's parts off the front of its text; each says whether it was there.
class ZoneRuleReader {
 public:
  explicit ZoneRuleReader(std::string_view text) : rest_(text) {}

  bool read(ZoneRule& rule) {
    if (!skip_name() || !read_offset(rule.offset_)) return false;
    if (rest_.empty()) return true;
    ZoneRule::Summer summer{rule.offset_ + 1h, {}, {}};
    if (!skip_name() || (!starts_with(',') && !read_offset(summer.offset))) return false;
    if (!read_change(summer.begin) || !read_change(summer.end)) return false;
    rule.summer_ = summer;
    return rest_.empty();
  }

 private:
  /// `CET`, or `<+0330>`.
  bool skip_name() {
    auto const is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    std::size_t length = 0;
    if (starts_with('<'))
      length = rest_.find('>') + 1;  // none: 0
    else
      while (length < rest_.size() && is_letter(rest_[length])) ++length;
    rest_.remove_prefix(length);
    return length != 0;
  }

  /// Hours that UTC is ahead, whence ours have the other sign.
  bool read_offset(seconds& offset) {
    seconds ahead{};
    if (!read_time(ahead, 24)) return false;
    offset = -ahead;
    return true;
  }

  /// `,M3.5.0/1`
  bool read_change(YearlyChange& change) {
    using Form = YearlyChange::Form;
    if (!take(',')) return false;
    if (take('M')) {
      change.form = Form::nth_weekday;
      if (!read_number(change.month, 1, 12) || !take('.') || !read_number(change.week, 1, 5) ||
          !take('.') || !read_number(change.day, 0, 6))
        return false;
    } else {
      bool const counts_from_1 = take('J');
      change.form = counts_from_1 ? Form::without_leap : Form::from_new_year;
      if (!read_number(change.day, counts_from_1 ? 1 : 0, 365)) return false;
    }
    change.time = 2h;
    return !take('/') || read_time(change.time, 167);
  }

  /// `-1`, `2:30`, `24:00:00`
  bool read_time(seconds& time, unsigned most_hours) {
    bool const is_negative = take('-');
    if (!is_negative) take('+');
    unsigned hour = 0, minute = 0, second = 0;
    if (!read_number(hour, 0, most_hours)) return false;
    if (take(':') && !read_number(minute, 0, 59)) return false;
    if (take(':') && !read_number(second, 0, 59)) return false;
    time = hours{hour} + minutes{minute} + seconds{second};
    if (is_negative) time = -time;
    return true;
  }

  bool read_number(unsigned& number, unsigned least, unsigned most) {
    std::size_t length = 0;
    number = 0;
    for (; length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9'; ++length)
      number = std::min(number * 10 + static_cast<unsigned>(rest_[length] - '0'), 1'000U);
    rest_.remove_prefix(length);
    return length != 0 && number >= least && number <= most;
  }

  [[nodiscard]] bool starts_with(char c) const { return rest_.starts_with(c); }
  bool take(char c) {
    if (!starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  ZoneRule rule;
  if (!ZoneRuleReader{text}.read(rule)) return std::nullopt;
  return rule;
}

ZonePeriod ZoneRule::period_at(sys_seconds instant) const {
  ZonePeriod period{sys_seconds::min(), sys_seconds::max(), offset_};
  if (!summer_) return period;

  struct Change {
    sys_seconds at;
    seconds offset;
  };
  // A week of hours may carry a change into another year: two years on either side are enough.
  constexpr int around = 2;
  std::array<Change, 2 * (2 * around + 1)> changes;
  auto const middle = year_month_day{floor<days>(instant)}.year();
  for (std::size_t i = 0; i < changes.size(); i += 2) {
    auto const year = middle + years{static_cast<int>(i / 2) - around};
    changes[i] = {sys_seconds{summer_->begin.in(year).time_since_epoch() - offset_},
                  summer_->offset};
    changes[i + 1] = {sys_seconds{summer_->end.in(year).time_since_epoch() - summer_->offset},
                      offset_};
  }
  // Where a summer ends as the next year's begins, which means that it never does, the latter wins.
  std::stable_sort(changes.begin(), changes.end(),
                   [](Change const& a, Change const& b) { return a.at < b.at; });
  std::size_t const first = changes[1].at == changes[0].at ? 1 : 0;
  period.offset = changes[first].offset;
  for (std::size_t i = first + 1; i < changes.size(); ++i) {
    bool const is_undone = i + 1 < changes.size() && changes[i + 1].at == changes[i].at;
    if (is_undone || changes[i].offset == period.offset) continue;
    if (changes[i].at > instant) {
      period.end = changes[i].at;
      break;
    }
    period.begin = changes[i].at;
    period.offset = changes[i].offset;
  }
  return period;
}

}  // namespace cloacina
