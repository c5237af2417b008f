#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloacina/invocation.hpp>
#include <cloacina/schedule.hpp>
#include <cloacina/trigger_schedule.hpp>

namespace cloacina {

namespace detail {
class ScheduleBook;
}

/// Which schedules `list_cron_schedules` and `list_trigger_schedules` answer.
struct ListSchedulesOptions {
  bool enabled_only = false;
  std::size_t limit = 100;  ///< 1 to 10 000
  std::size_t offset = 0;
};

/// Schedules of one database: what a runner and a client can do with them. Thread-safe.
///
/// Every call blocks: for a read, or for a transaction that is tried as those of a `Client` are.
/// Runners of other processes heed a change within their `scheduler_poll_interval`.
class Schedules {
 public:
  /// From now on the workflow is submitted whenever the expression says so, by any runner that
  /// knows it. Five fields (minute, hour, day of month, month, day of week) or six with leading
  /// seconds. What is registered already (see `CronOptions::name`) keeps its id, the next instant
  /// that it fires and whether it is enabled, and takes the rest from here: a program may register
  /// what it needs whenever it starts. Throws `WorkflowNotFound`; `ValidationError` naming the
  /// field that is wrong: expression, zone (with the nearest names), jitter, end, an input that the
  /// workflow needs and the parameters do not give. \code
  ///   runner.register_cron_workflow(report(region = "north"), "0 9 * * MON-FRI",
  ///                                 {.timezone = "Europe/Paris"});
  /// \endcode
  template <class WorkflowType>
  ScheduleId register_cron_workflow(Invocation<WorkflowType> const& job,
                                    std::string_view expression, CronOptions options = {}) {
    options.parameters = job.input;
    return register_cron_workflow(job.name, expression, std::move(options));
  }
  ScheduleId register_cron_workflow(std::string_view workflow, std::string_view expression,
                                    CronOptions options = {});
  /// Many in few transactions; the ids in their order. Throws for the first that is wrong, before
  /// anything is stored.
  std::vector<ScheduleId> register_cron_workflows(std::vector<CronRegistration> const& schedules);

  /// In the order of their registration.
  [[nodiscard]] std::vector<CronSchedule> list_cron_schedules(
      ListSchedulesOptions const& options = {}) const;
  /// Throws `ScheduleNotFound`, as all below do.
  [[nodiscard]] CronSchedule get_cron_schedule(ScheduleId id) const;
  /// Another expression and zone, from now on. Throws `ValidationError` as a registration does, or
  /// if another schedule of the workflow has both.
  void update_cron_schedule(ScheduleId id, std::string_view expression, std::string_view timezone);
  /// Pauses it: once this returns, nothing fires. Or resumes it: what came meanwhile is missed.
  void set_cron_schedule_enabled(ScheduleId id, bool enabled);
  /// With its history; its executions stay.
  void delete_cron_schedule(ScheduleId id);
  /// Fires it now, also if it is paused, beside its own instants. Returns the execution; nothing if
  /// its overlap policy lets it wait. Throws `StateError` if that says to skip it.
  std::optional<ExecutionId> trigger_cron_schedule(ScheduleId id);
  /// Submits the instants from `from` to `to`, both included, that have not fired; at once,
  /// whatever the overlap policy. Returns their executions in order. Throws `ValidationError` for
  /// an end in the future or before the begin, and for more than 10 000 instants.
  std::vector<ExecutionId> backfill_cron_schedule(ScheduleId id, Instant from, Instant to);
  /// What became of its instants, newest first; `limit`: 1 to 10 000.
  [[nodiscard]] std::vector<CronFiring> get_cron_execution_history(ScheduleId id,
                                                                   std::size_t limit = 100,
                                                                   std::size_t offset = 0) const;
  /// Of all cron schedules, what was recorded since then.
  [[nodiscard]] CronStats get_cron_execution_stats(Instant since) const;

  // ---- event triggers
  // ------------------------------------------------------------------------------------------------

  /// In the order of their registration, by runners that know them.
  [[nodiscard]] std::vector<TriggerSchedule> list_trigger_schedules(
      ListSchedulesOptions const& options = {}) const;
  /// Throws `ScheduleNotFound` with the nearest names, as all below do.
  [[nodiscard]] TriggerSchedule get_trigger_schedule(std::string_view name) const;
  /// Pauses it: once this returns, nothing fires, also what a poll under way finds, until it is
  /// enabled. Or has it polled again. Restarts change nothing about it.
  void set_trigger_enabled(std::string_view name, bool enabled);
  /// With its state and its history; its executions stay. It is there again, from the beginning,
  /// once a program starts that still declares it.
  void delete_trigger_schedule(std::string_view name);
  /// What it has fired, and what it did not, newest first; `limit`: 1 to 10 000.
  [[nodiscard]] std::vector<TriggerFiring> get_trigger_execution_history(
      std::string_view name, std::size_t limit = 100, std::size_t offset = 0) const;

 protected:
  Schedules() = default;
  Schedules(Schedules const&) = default;
  Schedules& operator=(Schedules const&) = default;
  ~Schedules() = default;

 private:
  [[nodiscard]] virtual detail::ScheduleBook& schedule_book() const = 0;
};

/// The next `count` instants after `from` at which an expression fires in a zone; fewer if there
/// are no more. Asks no database. Throws `ValidationError`. \code
///   for (auto at : cloacina::next_firings("0 9 * * MON-FRI", "Europe/Paris", now, 5)) …
/// \endcode
[[nodiscard]] std::vector<Instant> next_firings(std::string_view expression,
                                                std::string_view timezone, Instant from,
                                                std::size_t count);

}  // namespace cloacina
