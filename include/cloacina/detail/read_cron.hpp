#pragma once

#include <algorithm>

#include <cloacina/detail/cron_fields.hpp>

namespace cloacina::detail {

/// Reads a cron expression, also at compile time. Never throws: a reading says what is wrong.
class CronReader {
 public:
  [[nodiscard]] static constexpr CronReading read(std::string_view text) noexcept {
    CronReader reader{text};
    reader.read_all();
    return reader.reading_;
  }

 private:
  enum Field { second, minute, hour, day, month, weekday };

  constexpr explicit CronReader(std::string_view text) noexcept : text_(text) {}

  // ---- the whole

  constexpr void read_all() noexcept {
    skip_spaces();
    if (at_end()) return fail(CronProblem::empty, 0, 0);
    if (peek() == '@') return read_shorthand();
    auto const count = count_fields();
    if (count != 5 && count != 6) return fail(CronProblem::number_of_fields, 0, text_.size());
    if (count == 5) reading_.fields.seconds = 1;  // at second 0
    for (int field = count == 5 ? minute : second; field <= weekday && is_good(); ++field) {
      skip_spaces();
      read_field(static_cast<Field>(field));
    }
    if (is_good()) check_that_it_fires();
  }

  constexpr void read_shorthand() noexcept {
    auto const begin = at_;
    auto end = text_.size();
    while (end > begin && is_space(text_[end - 1])) --end;
    auto const word = text_.substr(begin, end - begin);
    for (auto const& shorthand : cron_shorthands) {
      if (!equal_words(word, shorthand.name)) continue;
      reading_ = read(shorthand.meaning);
      return;
    }
    fail(CronProblem::unknown_shorthand, begin, word.size());
  }

  [[nodiscard]] constexpr int count_fields() const noexcept {
    int count = 0;
    bool inside = false;
    for (char const c : text_) {
      if (!is_space(c) && !inside) ++count;
      inside = !is_space(c);
    }
    return count;
  }

  // ---- one field

  constexpr void read_field(Field field) noexcept {
    field_ = field;
    reading_.field = rules().name;
    do {
      read_item();
    } while (is_good() && take(','));
    if (is_good() && !at_field_end()) fail(CronProblem::misplaced, at_, 1);
    if (is_good()) reading_.field = {};
  }

  /// `*`, `?`, `5`, `5-7`, each with `/2` behind it; `L`, `L-3`, `LW`, `15W`, `5L`, `5#2`.
  constexpr void read_item() noexcept {
    auto const begin = at_;
    if (take('?')) return read_anything(begin, field_ == day || field_ == weekday);
    if (take('*')) return read_anything(begin, true);
    if (field_ == day && take('L')) return read_last_day(begin);
    auto const from = read_value();
    if (!is_good()) return;
    if (take('#')) return read_nth_weekday(begin, from);
    if (take('L')) return read_last_weekday(begin, from);
    if (take('W')) return read_nearest_weekday(begin, from);
    auto to = from;
    bool const is_range = take('-');
    if (is_range) to = read_value();
    if (!is_good()) return;
    // The week ends on Sunday as well as it begins with it.
    if (field_ == weekday && is_range && to == 0 && from > 0) to = 7;
    if (to < from) return fail(CronProblem::reversed_range, begin, at_ - begin);
    if (!take('/')) return set_range(from, to, 1);
    if (!is_range) to = field_ == weekday ? 6 : rules().last;  // `5/15`: from 5 on
    set_range(from, to, read_step(to - from));
  }

  constexpr void read_anything(std::size_t begin, bool is_allowed) noexcept {
    if (!is_allowed) return fail(CronProblem::not_here, begin, 1);
    auto const last = field_ == weekday ? 6 : rules().last;
    bool const has_step = take('/');
    auto const step = has_step ? read_step(last - rules().first) : 1;
    if (!is_good()) return;
    set_range(rules().first, last, step);
    if (field_ == minute || field_ == hour) reading_.fields.follows_elapsed_time = true;
    if (has_step) return;
    if (field_ == day) reading_.fields.any_day = true;
    if (field_ == weekday) reading_.fields.any_weekday = true;
  }

  constexpr void read_last_day(std::size_t begin) noexcept {
    if (take('W')) {
      reading_.fields.last_weekday_of_month = true;
      return;
    }
    int before = 0;
    if (take('-')) {
      before = read_number();
      if (is_good() && before > 30) fail(CronProblem::out_of_range, begin, at_ - begin);
    }
    if (is_good()) reading_.fields.days_before_last |= 1U << before;
  }

  constexpr void read_nearest_weekday(std::size_t begin, int value) noexcept {
    if (field_ != day) return fail(CronProblem::not_here, begin, at_ - begin);
    reading_.fields.nearest_weekdays |= 1U << value;
  }

  constexpr void read_last_weekday(std::size_t begin, int value) noexcept {
    if (field_ != weekday) return fail(CronProblem::not_here, begin, at_ - begin);
    reading_.fields.last_weekdays |= 1U << (value % 7);
  }

  constexpr void read_nth_weekday(std::size_t begin, int value) noexcept {
    if (field_ != weekday) return fail(CronProblem::not_here, begin, at_ - begin);
    auto const nth = read_number();
    if (is_good() && (nth < 1 || nth > 5)) fail(CronProblem::out_of_range, begin, at_ - begin);
    if (is_good()) reading_.fields.nth_weekdays[static_cast<std::size_t>(value % 7)] |= 1U << nth;
  }

  /// 1 after a failure, which nothing uses.
  constexpr int read_step(int width) noexcept {
    auto const begin = at_;
    auto const step = read_number();
    if (!is_good()) return 1;
    if (step == 0) fail(CronProblem::zero_step, begin, at_ - begin);
    if (step > width && step > 1) fail(CronProblem::step_too_large, begin, at_ - begin);
    return is_good() ? step : 1;
  }

  constexpr int read_value() noexcept {
    auto const begin = at_;
    if (!at_end() && is_letter(peek())) return read_name();
    auto const value = read_number();
    if (is_good() && (value < rules().first || value > rules().last))
      fail(CronProblem::out_of_range, begin, at_ - begin);
    return is_good() ? value : rules().first;
  }

  constexpr int read_name() noexcept {
    auto const begin = at_;
    auto end = begin;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    auto const names = rules().names;
    for (std::size_t i = 0; i < names.size(); i += 3) {
      // `FRIL` is the last Friday.
      auto const length = end - begin;
      if (length != 3 && !(length == 4 && upper(text_[begin + 3]) == 'L')) break;
      if (!equal_words(text_.substr(begin, 3), names.substr(i, 3))) continue;
      at_ = begin + 3;
      return rules().first + static_cast<int>(i / 3);
    }
    auto const first = upper(text_[begin]);
    bool const is_sign = end == begin + 1 && (first == 'L' || first == 'W');
    fail(is_sign ? CronProblem::not_here : CronProblem::unknown_name, begin, end - begin);
    return rules().first;
  }

  constexpr int read_number() noexcept {
    auto const begin = at_;
    int number = 0;
    while (!at_end() && peek() >= '0' && peek() <= '9') {
      number = std::min(number * 10 + (peek() - '0'), 100'000);
      ++at_;
    }
    if (at_ == begin) fail(CronProblem::missing_value, at_, at_field_end() ? 0 : 1);
    return number;
  }

  constexpr void set_range(int from, int to, int step) noexcept {
    if (!is_good()) return;
    std::uint64_t bits = 0;
    for (int value = from; value <= to; value += step)
      bits |= std::uint64_t{1} << (field_ == weekday ? value % 7 : value);
    auto& fields = reading_.fields;
    auto const few = static_cast<std::uint32_t>(bits);
    switch (field_) {
      case second:
        fields.seconds |= bits;
        break;
      case minute:
        fields.minutes |= bits;
        break;
      case hour:
        fields.hours |= few;
        break;
      case day:
        fields.days |= few;
        break;
      case month:
        fields.months |= few;
        break;
      case weekday:
        fields.weekdays |= few;
        break;
    }
  }

  // ---- what no calendar has

  constexpr void check_that_it_fires() noexcept {
    auto const& fields = reading_.fields;
    if (fields.any_day || !fields.any_weekday) return;  // a weekday is in every month
    constexpr std::array<int, 13> length{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int number = 1; number <= 12; ++number) {
      if ((fields.months >> number & 1U) == 0) continue;
      auto const days = length[static_cast<std::size_t>(number)];
      auto const possible = static_cast<std::uint32_t>((std::uint64_t{1} << (days + 1)) - 1);
      if (fields.last_weekday_of_month ||
          ((fields.days | fields.nearest_weekdays) & possible) != 0 ||
          (fields.days_before_last & (possible >> 1)) != 0)
        return;
    }
    fail(CronProblem::never_fires, 0, text_.size());
  }

  // ---- text

  [[nodiscard]] constexpr CronFieldRules const& rules() const noexcept {
    return cron_fields[static_cast<std::size_t>(field_)];
  }
  [[nodiscard]] constexpr bool is_good() const noexcept {
    return reading_.problem == CronProblem::none;
  }
  constexpr void fail(CronProblem problem, std::size_t position, std::size_t length) noexcept {
    if (!is_good()) return;  // the first is the one to mend
    reading_.problem = problem;
    reading_.position = position;
    reading_.length = length;
  }
  [[nodiscard]] constexpr bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] constexpr bool at_field_end() const noexcept {
    return at_end() || is_space(peek());
  }
  [[nodiscard]] constexpr char peek() const noexcept { return text_[at_]; }
  constexpr bool take(char wanted) noexcept {
    if (at_end() || upper(peek()) != wanted) return false;
    ++at_;
    return true;
  }
  constexpr void skip_spaces() noexcept {
    while (!at_end() && is_space(peek())) ++at_;
  }
  static constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }
  static constexpr char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  static constexpr bool is_letter(char c) noexcept { return upper(c) >= 'A' && upper(c) <= 'Z'; }
  static constexpr bool equal_words(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return upper(x) == upper(y); });
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Field field_ = second;
  CronReading reading_;
};

}  // namespace cloacina::detail
