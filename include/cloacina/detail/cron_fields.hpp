#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cloacina::detail {

/// What a cron expression says, each value a bit.
struct CronFields {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t days = 0;                       ///< 1 to 31
  std::uint32_t days_before_last = 0;           ///< `L` is 0, `L-3` is 3
  std::uint32_t nearest_weekdays = 0;           ///< `15W`
  bool last_weekday_of_month = false;           ///< `LW`
  std::uint32_t months = 0;                     ///< 1 to 12
  std::uint32_t weekdays = 0;                   ///< 0 is Sunday
  std::uint32_t last_weekdays = 0;              ///< `5L`: the last Friday
  std::array<std::uint32_t, 7> nth_weekdays{};  ///< `5#2`: the second Friday
  bool any_day = false;                         ///< `*` or `?`
  bool any_weekday = false;
  /// Minutes or hours begin with `*`: fires by the time that has passed, not by what clocks show.
  bool follows_elapsed_time = false;

  friend constexpr bool operator==(CronFields const&, CronFields const&) = default;
};

enum class CronProblem {
  none,
  empty,
  number_of_fields,
  unknown_shorthand,
  missing_value,
  unknown_name,
  out_of_range,
  reversed_range,
  zero_step,
  step_too_large,
  not_here,  ///< L, W, # or ? in a field that has none of it
  misplaced,
  never_fires,
};

/// What came of reading one: the fields, or what is wrong with which of them, and where it stands.
struct CronReading {
  CronFields fields;
  CronProblem problem = CronProblem::none;
  std::string_view field;    ///< "minute"; empty if it is the whole
  std::size_t position = 0;  ///< in the text, from 0
  std::size_t length = 0;    ///< of what is at fault
};

/// One field: what it is called, and what may stand in it.
struct CronFieldRules {
  std::string_view name;
  int first = 0, last = 0;
  std::string_view names;  ///< three letters each, from the first value on
};

inline constexpr std::array<CronFieldRules, 6> cron_fields{
    {{"second", 0, 59, ""},
     {"minute", 0, 59, ""},
     {"hour", 0, 23, ""},
     {"day of month", 1, 31, ""},
     {"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
     {"day of week", 0, 7, "SUNMONTUEWEDTHUFRISAT"}}};

struct CronShorthand {
  std::string_view name, meaning;
};

inline constexpr std::array<CronShorthand, 7> cron_shorthands{{{"@yearly", "0 0 1 1 *"},
                                                               {"@annually", "0 0 1 1 *"},
                                                               {"@monthly", "0 0 1 * *"},
                                                               {"@weekly", "0 0 * * 0"},
                                                               {"@daily", "0 0 * * *"},
                                                               {"@midnight", "0 0 * * *"},
                                                               {"@hourly", "0 * * * *"}}};

}  // namespace cloacina::detail
