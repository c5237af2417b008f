#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/schedule.hpp>

#include "core/cron.hpp"

namespace cloacina {

/// An instant at most so late is not missed: a restart, a takeover, a database that was away for
/// a moment.
inline constexpr std::chrono::seconds not_missed_within{60};
/// So many instants are counted among the missed.
inline constexpr std::size_t most_counted = 1'000;

/// What decides when a schedule fires.
struct ScheduleRules {
  ScheduleId id;
  CronExpression const& expression;
  TimeZone const& zone;
  CronOptions const& options;
};

/// Instants that were not fired in time.
struct MissedInstants {
  Instant first{}, last{};
  std::optional<std::size_t> count;  ///< nothing: more than `most_counted`
  std::string reason;
};

/// What is to be done about a schedule that is due.
struct DueFirings {
  std::vector<Instant> fire;  ///< oldest first
  std::optional<MissedInstants> missed;
  std::optional<Instant> next;  ///< the new cursor
};

/// The first instant that fires after this one, within the schedule's start and end.
[[nodiscard]] std::optional<Instant> next_firing(ScheduleRules const& rules, Instant after);

/// How late an instant fires: the same on every machine.
[[nodiscard]] std::chrono::milliseconds jitter_of(ScheduleRules const& rules, Instant instant);

/// `cursor` is the first instant that has not been dealt with, and `now` is past it and its
/// jitter.
[[nodiscard]] DueFirings due_firings(ScheduleRules const& rules, Instant cursor, Instant now,
                                     std::size_t most_at_once);

/// The instants from `cursor` up to `now`, none of which is to fire.
[[nodiscard]] std::optional<MissedInstants> all_missed(ScheduleRules const& rules, Instant cursor,
                                                       Instant now, std::string reason);

/// What is left of a line of missed instants once those from `from` to `to`, both included, have
/// fired: nothing, one line or two. As it is, if it was missed by other rules than these.
[[nodiscard]] std::vector<MissedInstants> left_of(ScheduleRules const& rules,
                                                  MissedInstants const& line, Instant from,
                                                  Instant to);

/// Throws `ValidationError` for what cannot be registered: an end before the start, a jitter as
/// long as the time between two firings, no firing at all between `now`, the start and the end.
void check_schedule(ScheduleRules const& rules, Instant now);

}  // namespace cloacina
