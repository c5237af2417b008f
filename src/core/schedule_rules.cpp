#include "core/schedule_rules.hpp"

#include <algorithm>

#include <cloacina/error.hpp>

#include "core/duration.hpp"
#include "core/instant_text.hpp"

namespace cloacina {
namespace {

using namespace std::chrono;

/// Evenly spread, and the same on every machine: splitmix64.
std::uint64_t scattered(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

/// The last instant from `first` on for which `holds`, which holds for `first` and for none after
/// one for which it does not. By halving: a second of a schedule that fires each second in January
/// may be asked for in December.
template <class Holds>
Instant last_where(ScheduleRules const& rules, Instant first, Instant end, Holds&& holds) {
  auto low = floor<seconds>(first) - seconds{1};
  auto high = ceil<seconds>(end);
  auto last = first;
  while (high - low > seconds{1}) {
    auto const middle = low + (high - low) / 2;
    auto const next = next_firing(rules, middle);
    if (next && holds(*next)) {
      low = middle;
      last = *next;
    } else {
      high = middle;
    }
  }
  return last;
}

MissedInstants missed_from(ScheduleRules const& rules, Instant first, Instant last,
                           std::string reason) {
  MissedInstants missed{first, last, 1, std::move(reason)};
  for (auto at = first; at < last; ++*missed.count) {
    if (*missed.count >= most_counted) {
      missed.count.reset();
      break;
    }
    auto const next = next_firing(rules, at);
    if (!next) break;
    at = *next;
  }
  return missed;
}

constexpr char too_late[] = "no runner could fire it in time";

}  // namespace

std::optional<Instant> next_firing(ScheduleRules const& rules, Instant after) {
  auto from = floor<seconds>(after);
  if (rules.options.start) from = std::max(from, ceil<seconds>(*rules.options.start) - seconds{1});
  auto const next = rules.expression.next_after(from, rules.zone);
  if (!next || (rules.options.end && *next > *rules.options.end)) return std::nullopt;
  return *next;
}

milliseconds jitter_of(ScheduleRules const& rules, Instant instant) {
  if (rules.options.jitter <= milliseconds{0}) return milliseconds{0};
  auto const seed = rules.id.low ^ static_cast<std::uint64_t>(instant.time_since_epoch().count());
  auto const width = static_cast<std::uint64_t>(rules.options.jitter.count()) + 1;
  return milliseconds{
      static_cast<std::int64_t>(scattered(rules.id.high ^ scattered(seed)) % width)};
}

DueFirings due_firings(ScheduleRules const& rules, Instant cursor, Instant now,
                       std::size_t most_at_once) {
  auto const is_due = [&](Instant instant) { return instant + jitter_of(rules, instant) <= now; };
  DueFirings due;
  if (rules.options.catchup == CatchupPolicy::run_all) {
    due.next = cursor;
    while (due.next && is_due(*due.next) && due.fire.size() < most_at_once) {
      due.fire.push_back(*due.next);
      due.next = next_firing(rules, *due.next);
    }
    if (!due.next || !is_due(*due.next)) return due;
    auto const last = last_where(rules, *due.next, now, is_due);
    due.missed =
        missed_from(rules, *due.next, last,
                    "more than cron_max_catchup_executions = " + std::to_string(most_at_once) +
                        " were due at once");
    due.next = next_firing(rules, last);
    return due;
  }
  auto const last = last_where(rules, cursor, now, is_due);
  due.next = next_firing(rules, last);
  bool const fires = rules.options.catchup == CatchupPolicy::run_once ||
                     now - last - jitter_of(rules, last) <= not_missed_within;
  if (!fires) {
    due.missed = missed_from(rules, cursor, last, too_late);
    return due;
  }
  due.fire.push_back(last);
  if (last == cursor) return due;
  auto const before = last_where(rules, cursor, last, [last](Instant at) { return at < last; });
  due.missed = missed_from(rules, cursor, before, too_late);
  return due;
}

std::optional<MissedInstants> all_missed(ScheduleRules const& rules, Instant cursor, Instant now,
                                         std::string reason) {
  if (cursor > now) return std::nullopt;
  auto const last = last_where(rules, cursor, now, [now](Instant at) { return at <= now; });
  return missed_from(rules, cursor, last, std::move(reason));
}

std::vector<MissedInstants> left_of(ScheduleRules const& rules, MissedInstants const& line,
                                    Instant from, Instant to) {
  if (next_firing(rules, line.first - microseconds{1}) != line.first) return {line};
  std::vector<MissedInstants> left;
  if (line.first < from) {
    auto const last = last_where(rules, line.first, from, [from](Instant at) { return at < from; });
    left.push_back(missed_from(rules, line.first, last, line.reason));
  }
  if (auto const first = next_firing(rules, to); first && *first <= line.last)
    left.push_back(missed_from(rules, *first, line.last, line.reason));
  return left;
}

void check_schedule(ScheduleRules const& rules, Instant now) {
  auto const& options = rules.options;
  if (options.start && options.end && *options.end < *options.start)
    throw ValidationError{"the schedule ends at " + to_iso_text(*options.end) +
                              ", before it starts at " + to_iso_text(*options.start),
                          "end"};
  auto const first = next_firing(rules, now);
  if (!first) {
    auto message = "cron expression '" + rules.expression.text() + "' fires at no time after " +
                   to_iso_text(std::max(now, options.start.value_or(now)));
    if (options.end) message += " and up to the schedule's end, " + to_iso_text(*options.end);
    throw ValidationError{message, options.end ? "end" : "expression"};
  }
  if (!detail::in_range(options.jitter))
    throw ValidationError{"jitter is " + format_duration(options.jitter) + "; expected " +
                              std::string{allowed_durations},
                          "jitter"};
  if (options.jitter == milliseconds{0}) return;
  auto shortest = longest_duration;
  auto at = *first;
  for (int i = 0; i < 400; ++i) {  // a year of days, with both changes of the clocks
    auto const next = next_firing(rules, at);
    if (!next) break;
    shortest = std::min(shortest, floor<milliseconds>(*next - at));
    at = *next;
  }
  if (options.jitter >= shortest)
    throw ValidationError{"jitter is " + format_duration(options.jitter) +
                              "; expected less than the shortest time between two firings of '" +
                              rules.expression.text() + "', which is " + format_duration(shortest),
                          "jitter"};
}

}  // namespace cloacina
