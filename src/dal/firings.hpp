#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dal/batch.hpp"
#include "dal/schedules.hpp"

namespace cloacina::dal {

/// What becomes of one instant of a schedule.
struct FiringWrite {
  Instant nominal{};
  FiringOutcome outcome = FiringOutcome::fired;
  std::string reason;
  ExecutionId execution{};  ///< of one that fires
  std::string workflow_version;
  std::string input;
  std::string context_hash;
  bool has_row = false;  ///< it waited, or was skipped
};

/// Instants in a row of which nothing came. One that begins with the same instant as an earlier one
/// is the same line, grown.
struct MissWrite {
  Instant first{}, last{};
  std::optional<std::size_t> instants;
  std::string reason;
  FiringOutcome outcome = FiringOutcome::missed;
};

/// What was decided about a schedule: where it stands from now on, and what becomes of its
/// instants.
struct ScheduleDecision {
  ScheduleRow row;
  std::vector<FiringWrite> firings;
  std::vector<MissWrite> missed;
};

/// Throws `BackendError` for what is no outcome.
[[nodiscard]] FiringOutcome firing_outcome_from(std::string_view word);

/// In a transaction of the caller, which holds the schedules: writes all of it, with the executions
/// of what fires, unowned. An instant that has a row already fires nothing: the executions of those
/// are not made, and `last_execution` of their schedules stays. Returns how many executions were.
std::size_t write_decisions(backend::Session&, std::vector<ScheduleDecision>&& decisions,
                            Instant now);

/// Those of `schedules` whose last execution is not final.
[[nodiscard]] std::vector<bool> are_unfinished(backend::Session&,
                                               std::vector<ScheduleRow> const& schedules);
/// The instant of the schedule that has waited longest for the end of an execution.
[[nodiscard]] std::optional<Instant> first_queued(backend::Session&, ScheduleId);
struct StoredFiring {
  FiringOutcome outcome = FiringOutcome::fired;
  std::optional<ExecutionId> execution;
};
[[nodiscard]] std::optional<StoredFiring> firing_at(backend::Session&, ScheduleId, Instant nominal);

/// The lines of missed instants that reach into the time from `from` to `to`.
[[nodiscard]] std::vector<MissWrite> missed_within(backend::Session&, ScheduleId, Instant from,
                                                   Instant to);
void delete_missed(backend::Session&, ScheduleId, Instant first);

struct FireRequest {
  Instant now{};
  std::string_view workflows;  ///< a JSON list of the names whose schedules may fire
  std::size_t limit = 0;       ///< schedules
  std::function<ScheduleDecision(ScheduleRow&&, bool unfinished, std::optional<Instant> queued)>
      decide;
};
struct FireResult {
  Outcome outcome;
  std::vector<ScheduleId> schedules;  ///< that were due
  std::size_t executions = 0;
};
/// R14, behind the fence: holds what is due, decides, writes. An empty answer of `lock_due` renews
/// the lease.
[[nodiscard]] FireResult fire_due(backend::Database&, backend::Session&, Fence const&,
                                  FireRequest const&);

/// Newest first.
[[nodiscard]] std::vector<CronFiring> list_firings(backend::Session&, ScheduleId, std::size_t limit,
                                                   std::size_t offset);
[[nodiscard]] CronStats count_firings(backend::Session&, Instant since);

}  // namespace cloacina::dal
