#include <cloacina/schedules.hpp>

#include <utility>

#include <cloacina/error.hpp>

#include "core/cron.hpp"
#include "engine/time_zones.hpp"
#include "runner/schedule_book.hpp"
#include "runner/trigger_book.hpp"

namespace cloacina {

ScheduleId Schedules::register_cron_workflow(std::string_view workflow, std::string_view expression,
                                             CronOptions options) {
  std::vector<CronRegistration> one;
  one.push_back({std::string{workflow}, std::string{expression}, std::move(options)});
  return register_cron_workflows(one).front();
}
std::vector<ScheduleId> Schedules::register_cron_workflows(
    std::vector<CronRegistration> const& schedules) {
  return schedule_book().register_all(schedules);
}
std::vector<CronSchedule> Schedules::list_cron_schedules(
    ListSchedulesOptions const& options) const {
  return schedule_book().list(options);
}
CronSchedule Schedules::get_cron_schedule(ScheduleId id) const { return schedule_book().get(id); }
void Schedules::update_cron_schedule(ScheduleId id, std::string_view expression,
                                     std::string_view timezone) {
  schedule_book().update(id, expression, timezone);
}
void Schedules::set_cron_schedule_enabled(ScheduleId id, bool enabled) {
  schedule_book().enable(id, enabled);
}
void Schedules::delete_cron_schedule(ScheduleId id) { schedule_book().remove(id); }
std::optional<ExecutionId> Schedules::trigger_cron_schedule(ScheduleId id) {
  return schedule_book().trigger(id);
}
std::vector<ExecutionId> Schedules::backfill_cron_schedule(ScheduleId id, Instant from,
                                                           Instant to) {
  return schedule_book().backfill(id, from, to);
}
std::vector<CronFiring> Schedules::get_cron_execution_history(ScheduleId id, std::size_t limit,
                                                              std::size_t offset) const {
  return schedule_book().history(id, limit, offset);
}
CronStats Schedules::get_cron_execution_stats(Instant since) const {
  return schedule_book().stats(since);
}

std::vector<TriggerSchedule> Schedules::list_trigger_schedules(
    ListSchedulesOptions const& options) const {
  return detail::TriggerBook{schedule_book().parts()}.list(options);
}
TriggerSchedule Schedules::get_trigger_schedule(std::string_view name) const {
  return detail::TriggerBook{schedule_book().parts()}.get(name);
}
void Schedules::set_trigger_enabled(std::string_view name, bool enabled) {
  detail::TriggerBook{schedule_book().parts()}.enable(name, enabled);
}
void Schedules::delete_trigger_schedule(std::string_view name) {
  detail::TriggerBook{schedule_book().parts()}.remove(name);
}
std::vector<TriggerFiring> Schedules::get_trigger_execution_history(std::string_view name,
                                                                    std::size_t limit,
                                                                    std::size_t offset) const {
  return detail::TriggerBook{schedule_book().parts()}.history(name, limit, offset);
}

std::vector<Instant> next_firings(std::string_view expression, std::string_view timezone,
                                  Instant from, std::size_t count) {
  auto const parsed = CronExpression::parse(expression);
  auto const zone = engine::find_zone(timezone);
  std::vector<Instant> found;
  auto last = std::chrono::floor<std::chrono::seconds>(from);
  while (found.size() < count) {
    auto const next = parsed.next_after(last, *zone);
    if (!next) break;
    found.push_back(*next);
    last = *next;
  }
  return found;
}

}  // namespace cloacina
