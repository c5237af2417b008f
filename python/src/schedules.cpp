#include "schedules.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/stl.h>

#include <cloacina/schedules.hpp>

#include "bindings.hpp"
#include "context.hpp"
#include "conversions.hpp"
#include "core/instant_text.hpp"
#include "errors.hpp"
#include "trigger.hpp"

namespace cloaca {
namespace {

using namespace py::literals;
using cloacina::CronFiring;
using cloacina::CronSchedule;
using cloacina::Instant;
using cloacina::ScheduleId;

/// Microseconds since 1970, as Python counted them.
Instant instant_of(std::int64_t microseconds) {
  return Instant{std::chrono::microseconds{microseconds}};
}

std::optional<Instant> instant_or_none(py::handle microseconds) {
  if (microseconds.is_none()) return std::nullopt;
  return instant_of(microseconds.cast<std::int64_t>());
}

/// Of what is said about the times of a schedule: as its executions read it in `scheduled_time`.
py::object scheduled(std::optional<Instant> const& instant) {
  if (!instant) return py::none();
  return py::str(cloacina::to_iso_text(*instant));
}

py::object filled(std::string const& text) {
  if (text.empty()) return py::none();
  return to_python(std::string_view{text});
}

template <class Id>
py::object id_or_none(std::optional<Id> const& id) {
  if (!id) return py::none();
  return py::str(id->to_string());
}

py::dict dict_of(CronSchedule const& schedule) {
  auto const& options = schedule.options;
  return py::dict(
      "id"_a = schedule.id.to_string(),
      "workflow_name"_a = to_python(std::string_view{schedule.workflow}),
      "cron_expression"_a = to_python(std::string_view{schedule.expression}),
      "timezone"_a = to_python(std::string_view{options.timezone}), "name"_a = filled(options.name),
      "enabled"_a = options.enabled, "catchup_policy"_a = std::string{to_string(options.catchup)},
      "overlap_policy"_a = std::string{to_string(options.overlap)},
      "jitter"_a = std::chrono::duration<double>{options.jitter}.count(),
      "start"_a = scheduled(options.start), "end"_a = scheduled(options.end),
      "parameters"_a = to_dict(options.parameters),
      "next_run_at"_a = scheduled(schedule.next_run_at),
      "last_run_at"_a = scheduled(schedule.last_run_at), "error"_a = filled(schedule.error),
      "created_at"_a = iso_8601(schedule.created_at),
      "updated_at"_a = iso_8601(schedule.updated_at));
}

/// A line of the history has no id of its own: the schedule and its instants are one.
std::string id_of(CronFiring const& firing) {
  auto id = firing.schedule.to_string() + "/" + cloacina::to_iso_text(firing.scheduled_time);
  if (firing.until) id += "/" + cloacina::to_iso_text(*firing.until);
  return id;
}

py::dict dict_of(CronFiring const& firing) {
  auto const execution = id_or_none(firing.execution);
  auto const recorded = iso_8601(firing.recorded_at);
  return py::dict("id"_a = id_of(firing), "schedule_id"_a = firing.schedule.to_string(),
                  "scheduled_time"_a = scheduled(firing.scheduled_time),
                  "outcome"_a = std::string{to_string(firing.outcome)},
                  "reason"_a = filled(firing.reason), "until"_a = scheduled(firing.until),
                  "instants"_a = firing.instants, "claimed_at"_a = recorded,
                  "workflow_execution_id"_a = execution, "pipeline_execution_id"_a = execution,
                  "created_at"_a = recorded, "updated_at"_a = recorded);
}

py::dict dict_of(cloacina::TriggerSchedule const& schedule) {
  return py::dict("id"_a = schedule.id.to_string(),
                  "trigger_name"_a = to_python(std::string_view{schedule.name}),
                  "workflow_name"_a = to_python(std::string_view{schedule.workflow}),
                  "poll_interval_ms"_a = schedule.poll_interval.count(),
                  "allow_concurrent"_a = schedule.allow_concurrent, "enabled"_a = schedule.enabled,
                  "last_poll_at"_a = iso_or_none(schedule.last_poll_at),
                  "last_run_at"_a = iso_or_none(schedule.last_run_at),
                  "error"_a = filled(schedule.error), "state"_a = to_dict(schedule.state),
                  "created_at"_a = iso_8601(schedule.created_at),
                  "updated_at"_a = iso_8601(schedule.updated_at));
}

py::dict dict_of(cloacina::TriggerFiring const& firing) {
  auto const polled_at = iso_8601(firing.polled_at);
  return py::dict("id"_a = firing.schedule.to_string() + "/" + polled_at,
                  "schedule_id"_a = firing.schedule.to_string(), "polled_at"_a = polled_at,
                  "until"_a = iso_or_none(firing.until), "polls"_a = firing.polls,
                  "outcome"_a = std::string{to_string(firing.outcome)},
                  "reason"_a = filled(firing.reason),
                  "context_hash"_a = filled(firing.context_hash),
                  "workflow_execution_id"_a = id_or_none(firing.execution),
                  "started_at"_a = iso_or_none(firing.started_at),
                  "completed_at"_a = iso_or_none(firing.completed_at),
                  "created_at"_a = iso_8601(firing.recorded_at));
}

py::dict dict_of(cloacina::CronStats const& stats) {
  return py::dict("total_executions"_a = stats.total_executions,
                  "successful_executions"_a = stats.successful_executions,
                  "lost_executions"_a = stats.lost_executions,
                  "success_rate"_a = stats.success_rate(), "skipped"_a = stats.skipped,
                  "missed"_a = stats.missed);
}

template <class Item>
py::list dicts_of(std::vector<Item> const& items) {
  py::list list;
  for (auto const& item : items) list.append(dict_of(item));
  return list;
}

cloacina::CronOptions cron_options_of(py::dict const& plain) {
  cloacina::CronOptions options;
  options.timezone = plain["timezone"].cast<std::string>();
  options.name = plain["name"].cast<std::string>();
  options.catchup = cloacina::catchup_policy_from(plain["catchup_policy"].cast<std::string>());
  options.overlap = cloacina::overlap_policy_from(plain["overlap_policy"].cast<std::string>());
  options.jitter = std::chrono::milliseconds{plain["jitter_ms"].cast<std::int64_t>()};
  options.start = instant_or_none(plain["start"]);
  options.end = instant_or_none(plain["end"]);
  options.parameters = context_of("parameters", plain["parameters"]);
  options.enabled = plain["enabled"].cast<bool>();
  return options;
}

/// Calls without the lock; an error of the library says first what failed.
template <class Call>
decltype(auto) asked(char const* prefix, Call&& call) {
  return saying(prefix, [&]() -> decltype(auto) {
    Released const released;
    return std::forward<Call>(call)();
  });
}

/// The same about one schedule.
template <class Call>
decltype(auto) asked_about(std::string const& id, char const* prefix, Call&& call) {
  auto const parsed = saying("Invalid schedule ID: ", [&] { return ScheduleId::parse(id); });
  return asked(prefix, [&]() -> decltype(auto) { return std::forward<Call>(call)(parsed); });
}

constexpr char cannot_register[] = "Failed to register cron workflow: ";
constexpr char cannot_list[] = "Failed to list cron schedules: ";
constexpr char cannot_get[] = "Failed to get cron schedule: ";
constexpr char cannot_update[] = "Failed to update cron schedule: ";
constexpr char cannot_delete[] = "Failed to delete cron schedule: ";
constexpr char cannot_get_history[] = "Failed to get cron execution history: ";
constexpr char cannot_get_stats[] = "Failed to get cron execution stats: ";
constexpr char cannot_trigger[] = "Failed to trigger cron schedule: ";
constexpr char cannot_backfill[] = "Failed to backfill cron schedule: ";
constexpr char cannot_register_trigger[] = "Failed to register trigger: ";
constexpr char cannot_list_triggers[] = "Failed to list trigger schedules: ";
constexpr char cannot_get_trigger[] = "Failed to get trigger schedule: ";
constexpr char cannot_update_trigger[] = "Failed to update trigger schedule: ";
constexpr char cannot_delete_trigger[] = "Failed to delete trigger schedule: ";
constexpr char cannot_get_trigger_history[] = "Failed to get trigger execution history: ";

std::string register_cron(Runner& runner, std::string const& workflow,
                          std::string const& expression, py::dict const& plain) {
  auto options = saying(cannot_register, [&] { return cron_options_of(plain); });
  return asked(cannot_register, [&] {
    return (*runner).register_cron_workflow(workflow, expression, std::move(options)).to_string();
  });
}

py::list backfill_cron(Runner& runner, std::string const& id, std::int64_t start,
                       std::int64_t end) {
  auto const executions = asked_about(id, cannot_backfill, [&](ScheduleId schedule) {
    return (*runner).backfill_cron_schedule(schedule, instant_of(start), instant_of(end));
  });
  py::list ids;
  for (auto const& execution : executions) ids.append(execution.to_string());
  return ids;
}

std::vector<std::int64_t> firings_after(std::string const& expression, std::string const& timezone,
                                        std::int64_t after, std::size_t count) {
  Released const released;
  std::vector<std::int64_t> microseconds;
  for (auto const at : cloacina::next_firings(expression, timezone, instant_of(after), count))
    microseconds.push_back(at.time_since_epoch().count());
  return microseconds;
}

}  // namespace

void bind_schedules(py::class_<Runner>& bound) {
  bound.def("register_cron", &register_cron)
      .def("list_cron",
           [](Runner const& runner, bool enabled_only, std::size_t limit, std::size_t offset) {
             return dicts_of(asked(cannot_list, [&] {
               return (*runner).list_cron_schedules(
                   {.enabled_only = enabled_only, .limit = limit, .offset = offset});
             }));
           })
      .def("get_cron",
           [](Runner const& runner, std::string const& id) {
             return dict_of(asked_about(id, cannot_get, [&](ScheduleId schedule) {
               return (*runner).get_cron_schedule(schedule);
             }));
           })
      .def("update_cron",
           [](Runner& runner, std::string const& id, std::string const& expression,
              std::string const& timezone) {
             asked_about(id, cannot_update, [&](ScheduleId schedule) {
               (*runner).update_cron_schedule(schedule, expression, timezone);
             });
           })
      .def("enable_cron",
           [](Runner& runner, std::string const& id, bool enabled) {
             asked_about(id, cannot_update, [&](ScheduleId schedule) {
               (*runner).set_cron_schedule_enabled(schedule, enabled);
             });
           })
      .def("delete_cron",
           [](Runner& runner, std::string const& id) {
             asked_about(id, cannot_delete,
                         [&](ScheduleId schedule) { (*runner).delete_cron_schedule(schedule); });
           })
      .def("cron_history",
           [](Runner const& runner, std::string const& id, std::size_t limit, std::size_t offset) {
             return dicts_of(asked_about(id, cannot_get_history, [&](ScheduleId schedule) {
               return (*runner).get_cron_execution_history(schedule, limit, offset);
             }));
           })
      .def("cron_stats",
           [](Runner const& runner, std::int64_t since) {
             return dict_of(asked(cannot_get_stats, [&] {
               return (*runner).get_cron_execution_stats(instant_of(since));
             }));
           })
      .def("trigger_cron",
           [](Runner& runner, std::string const& id) {
             return id_or_none(asked_about(id, cannot_trigger, [&](ScheduleId schedule) {
               return (*runner).trigger_cron_schedule(schedule);
             }));
           })
      .def("backfill_cron", &backfill_cron);
}

void bind_trigger_schedules(py::class_<Runner>& bound) {
  bound
      .def("add_trigger",
           [](Runner& runner, py::dict const& plain) {
             auto trigger = trigger_of(plain);
             asked(cannot_register_trigger, [&] { (*runner).add_trigger(std::move(trigger)); });
           })
      .def("add_cron",
           [](Runner& runner, py::dict const& plain) {
             auto const schedule = cron_of(plain);
             return asked(cannot_register_trigger, [&] {
               return (*runner)
                   .register_cron_workflow(schedule.workflow, schedule.expression, schedule.options)
                   .to_string();
             });
           })
      .def("list_triggers",
           [](Runner const& runner, bool enabled_only, std::size_t limit, std::size_t offset) {
             return dicts_of(asked(cannot_list_triggers, [&] {
               return (*runner).list_trigger_schedules(
                   {.enabled_only = enabled_only, .limit = limit, .offset = offset});
             }));
           })
      .def("get_trigger",
           [](Runner const& runner, std::string const& name) {
             return dict_of(
                 asked(cannot_get_trigger, [&] { return (*runner).get_trigger_schedule(name); }));
           })
      .def("enable_trigger",
           [](Runner& runner, std::string const& name, bool enabled) {
             asked(cannot_update_trigger, [&] { (*runner).set_trigger_enabled(name, enabled); });
           })
      .def("delete_trigger",
           [](Runner& runner, std::string const& name) {
             asked(cannot_delete_trigger, [&] { (*runner).delete_trigger_schedule(name); });
           })
      .def("trigger_history", [](Runner const& runner, std::string const& name, std::size_t limit,
                                 std::size_t offset) {
        return dicts_of(asked(cannot_get_trigger_history, [&] {
          return (*runner).get_trigger_execution_history(name, limit, offset);
        }));
      });
}

void bind_next_firings(py::module_& module) { module.def("next_firings", &firings_after); }

}  // namespace cloaca
