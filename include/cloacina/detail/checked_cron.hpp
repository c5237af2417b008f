#pragma once

#include <string_view>

#include <cloacina/detail/diagnostic_name.hpp>
#include <cloacina/detail/read_cron.hpp>

namespace cloacina::detail {

/// Named in the compiler's error: which field, what stands there, and where, from 1.
template <class Field, class Text, std::size_t Position>
inline constexpr bool cron_expression_has = false;

/// Proves that the cron expression of `Source` can be read.
template <class Source>
struct CheckedCron {
  static constexpr CronReading reading = CronReader::read(Source::expression);
  static constexpr std::string_view text(std::size_t which) {
    return which == 0 ? reading.field : Source::expression.substr(reading.position, reading.length);
  }
  constexpr CheckedCron() {
    using P = CronProblem;
    using Field = name_of<CheckedCron, 0>;
    using Part = name_of<CheckedCron, 1>;
    constexpr auto problem = reading.problem;
    constexpr auto position = reading.position + 1;
    if constexpr (problem == P::empty)
      static_assert(cron_expression_has<Field, Part, position>, "cron expression: it is empty");
    if constexpr (problem == P::number_of_fields)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: five fields (minute, hour, day of month, month, day of "
                    "week), or six with leading seconds");
    if constexpr (problem == P::unknown_shorthand)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: unknown shorthand; there are @yearly, @monthly, @weekly, "
                    "@daily and @hourly");
    if constexpr (problem == P::missing_value)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: a value is missing");
    if constexpr (problem == P::unknown_name)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: unknown name; months are JAN to DEC, days are SUN to SAT");
    if constexpr (problem == P::out_of_range)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: a value is out of the field's range");
    if constexpr (problem == P::reversed_range)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: a range ends before it begins; write two with a comma");
    if constexpr (problem == P::zero_step)
      static_assert(cron_expression_has<Field, Part, position>, "cron expression: a step of 0");
    if constexpr (problem == P::step_too_large)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: a step beyond the field's end, which is never taken");
    if constexpr (problem == P::not_here)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: L, W, # or ? in a field that has none of it");
    if constexpr (problem == P::misplaced)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: something is not expected here");
    if constexpr (problem == P::never_fires)
      static_assert(cron_expression_has<Field, Part, position>,
                    "cron expression: it never fires: no such day is in any of its months");
  }
};

}  // namespace cloacina::detail
