#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/schedule.hpp>

#include "backend/session.hpp"
#include "dal/rows.hpp"

namespace cloacina::dal {

inline constexpr std::string_view cron_kind = "cron";
inline constexpr std::string_view trigger_kind = "trigger";

/// A row of `schedules`; see the migration for what the times are.
struct ScheduleRow {
  ScheduleId id{};
  std::string kind{cron_kind};
  std::string workflow, name, expression, timezone, options;
  bool paused = false;
  std::optional<Instant> next_at, due_at, last_at;
  std::optional<ExecutionId> last_execution;
  std::uint32_t queued = 0;
  std::string state, error;
  Instant created_at{}, updated_at{};
  std::optional<RunnerId> runner;    ///< who polls a trigger, if it is alive
  std::optional<Instant> polled_at;  ///< of a trigger
};

[[nodiscard]] std::optional<ScheduleRow> find_schedule(backend::Session&, ScheduleId);
/// The same, held until the end of the caller's transaction.
[[nodiscard]] std::optional<ScheduleRow> lock_schedule(backend::Session&, ScheduleId);
[[nodiscard]] std::optional<ScheduleRow> find_trigger(backend::Session&, std::string_view name);
/// The one that a registration means (`CronOptions::name`; a trigger's name), held as well.
[[nodiscard]] std::optional<ScheduleRow> lock_same(backend::Session&, ScheduleRow const& wanted);
/// False: there is one already that means the same.
bool insert_schedule(backend::Session&, ScheduleRow const&);
/// Everything but id, kind, name, state and creation. False: its id is gone, or what it
/// is to be is there already.
bool update_schedule(backend::Session&, ScheduleRow const&);
/// With its history. False: there was none.
bool delete_schedule(backend::Session&, ScheduleId);

struct ScheduleFilter {
  std::string_view kind = cron_kind;
  bool enabled_only = false;
  std::size_t limit = 100, offset = 0;
};
/// In the order of their registration.
[[nodiscard]] std::vector<ScheduleRow> list_schedules(backend::Session&, ScheduleFilter const&);

/// Who polls the triggers of these names (a JSON list).
struct TriggerPoller {
  ScheduleId id{};
  std::string name;
  bool paused = false;
  std::optional<RunnerId> runner;  ///< if it is alive
};
[[nodiscard]] std::vector<TriggerPoller> trigger_pollers(backend::Session&, std::string_view names);
/// By name; held until the end of the caller's transaction.
[[nodiscard]] std::vector<ScheduleRow> lock_triggers(backend::Session&, std::string_view names);
/// Whether `claim_triggers` would find any.
[[nodiscard]] bool are_polled_by_nobody(backend::Session&, std::string_view names);
/// In a transaction of the caller: those that are polled by no runner that is alive are polled by
/// this one from now on.
void claim_triggers(backend::Session&, std::string_view names, RunnerId runner);
void release_triggers(backend::Session&, std::string_view names, RunnerId runner);

/// Cron schedules of these workflows (a JSON list of names) that are due, the longest due first;
/// held until the end of the caller's transaction. What others hold is left out.
[[nodiscard]] std::vector<ScheduleRow> lock_due(backend::Session&, std::string_view workflows,
                                                Instant now, std::size_t limit);
/// When the next of them is due.
[[nodiscard]] std::optional<Instant> next_due(backend::Session&, std::string_view workflows);

struct WaitingSchedules {
  std::string workflow;
  std::uint32_t schedules = 0;
};
/// Workflows that no living runner knows, with their schedules that are due since before `since`.
/// Looks at the first thousand that are.
[[nodiscard]] std::vector<WaitingSchedules> schedules_known_to_nobody(backend::Session&,
                                                                      Instant since);

/// Where schedules stand after what was decided about them.
void advance_schedules(backend::Session&, std::vector<ScheduleRow> const&);

}  // namespace cloacina::dal
