#include "runner/trigger_book.hpp"

#include <algorithm>
#include <utility>

#include <cloacina/error.hpp>
#include <cloacina/json.hpp>
#include <cloacina/trigger_options.hpp>

#include "core/duration.hpp"
#include "core/nearest.hpp"
#include "dal/transaction.hpp"
#include "dal/trigger_firings.hpp"
#include "runner/check_text.hpp"
#include "runner/submission.hpp"
#include "runner/with_reader.hpp"

namespace cloacina::detail {
namespace {

constexpr std::size_t longest_trigger_name = 255;
constexpr std::size_t names_compared = 1'000;

std::string trigger_options_text(TriggerDefinition const& trigger) {
  return Json{{"allow_concurrent", trigger.allow_concurrent}}.dump();
}

TriggerSchedule trigger_schedule_of(dal::ScheduleRow&& row) try {
  TriggerSchedule schedule;
  schedule.id = row.id;
  schedule.name = std::move(row.name);
  schedule.workflow = std::move(row.workflow);
  schedule.poll_interval = parse_duration(row.expression);
  schedule.allow_concurrent = Json::parse(row.options).at("allow_concurrent").get<bool>();
  schedule.enabled = !row.paused;
  schedule.last_poll_at = row.polled_at;
  schedule.last_run_at = row.last_at;
  schedule.error = std::move(row.error);
  if (!row.state.empty()) schedule.state = Context::from_json(row.state);
  schedule.created_at = row.created_at;
  schedule.updated_at = row.updated_at;
  return schedule;
} catch (Json::exception const& error) {
  throw BackendError{std::string{"a trigger's options cannot be read: "} + error.what(), "", ""};
}

void check_definition(TriggerDefinition const& trigger) {
  check_text("name", trigger.name);
  if (trigger.name.empty() || trigger.name.size() > longest_trigger_name)
    throw ValidationError{"the name of a trigger has " + std::to_string(trigger.name.size()) +
                              " bytes; 1 to 255 are allowed",
                          "name"};
  auto const interval = trigger.poll_interval.value();
  if (interval < shortest_poll_interval || interval > longest_duration)
    throw ValidationError{"poll_interval of trigger '" + trigger.name + "' is " +
                              std::to_string(interval.count()) +
                              "ms; expected 1ms to 100 years, such as 500ms, 5s, 2m or 1h",
                          "poll_interval"};
  if (static_cast<bool>(trigger.poll) == static_cast<bool>(trigger.co_poll))
    throw ValidationError{"trigger '" + trigger.name + "' has " +
                              (trigger.poll ? "both poll and co_poll" : "nothing to be polled") +
                              "; give it one of poll and co_poll",
                          "poll"};
}

std::string workflow_of(Registry::Snapshot const& workflows, TriggerDefinition const& trigger) try {
  return find_workflow(workflows, trigger.workflow).name();
} catch (WorkflowNotFound const& error) {
  throw WorkflowNotFound{"trigger '" + trigger.name + "': " + error.what(), trigger.workflow};
}

/// What is there takes the rest from here.
void store_trigger(backend::Session& session, dal::ScheduleRow const& wanted) {
  while (!dal::insert_schedule(session, wanted)) {
    auto stored = dal::lock_same(session, wanted);
    if (!stored) continue;  // it has been deleted since
    if (stored->workflow == wanted.workflow && stored->expression == wanted.expression &&
        stored->options == wanted.options)
      return;
    stored->workflow = wanted.workflow;
    stored->expression = wanted.expression;
    stored->options = wanted.options;
    stored->updated_at = wanted.updated_at;
    (void)dal::update_schedule(session, *stored);
    return;
  }
}

}  // namespace

dal::ScheduleRow TriggerBook::checked_row(TriggerDefinition const& trigger) const {
  check_definition(trigger);
  auto const now = parts_.environment.now();
  dal::ScheduleRow row;
  row.id = parts_.environment.new_id();
  row.kind = dal::trigger_kind;
  row.name = trigger.name;
  row.workflow = workflow_of(parts_.workflows(), trigger);
  row.expression = format_duration(trigger.poll_interval.value());
  row.options = trigger_options_text(trigger);
  row.created_at = row.updated_at = now;
  return row;
}

void TriggerBook::register_all(std::vector<TriggerDefinition> const& triggers) {
  parts_.check_writable();
  std::vector<dal::ScheduleRow> rows;
  rows.reserve(triggers.size());
  for (auto const& trigger : triggers) rows.push_back(checked_row(trigger));
  // Whoever holds several holds them in this order.
  using Row = dal::ScheduleRow;
  std::sort(rows.begin(), rows.end(), [](Row const& a, Row const& b) { return a.name < b.name; });
  parts_.session.write([&](backend::Session& session) {
    dal::Transaction transaction{session};
    for (auto const& row : rows) store_trigger(session, row);
    transaction.commit();
    return true;
  });
}

std::vector<TriggerSchedule> TriggerBook::list(ListSchedulesOptions const& options) const {
  check_limit(options.limit);
  auto rows = with_reader(parts_.database, [&](backend::Session& reader) {
    return dal::list_schedules(reader, {.kind = dal::trigger_kind,
                                        .enabled_only = options.enabled_only,
                                        .limit = options.limit,
                                        .offset = options.offset});
  });
  std::vector<TriggerSchedule> schedules;
  schedules.reserve(rows.size());
  for (auto& row : rows) schedules.push_back(trigger_schedule_of(std::move(row)));
  return schedules;
}

dal::ScheduleRow TriggerBook::row_of(std::string_view name) const {
  std::vector<std::string> known;
  auto row = with_reader(parts_.database, [&](backend::Session& reader) {
    auto found = dal::find_trigger(reader, name);
    if (!found)
      for (auto& other :
           dal::list_schedules(reader, {.kind = dal::trigger_kind, .limit = names_compared}))
        known.push_back(std::move(other.name));
    return found;
  });
  if (!row)
    throw ScheduleNotFound{
        "no trigger named '" + std::string{name} + "' in this database" + did_you_mean(name, known),
        std::string{name}};
  return std::move(*row);
}

TriggerSchedule TriggerBook::get(std::string_view name) const {
  return trigger_schedule_of(row_of(name));
}

template <class Change>
void TriggerBook::change(std::string_view name, Change&& change) {
  parts_.check_writable();
  auto const wanted = row_of(name);  // says what is near if there is none
  parts_.session.write([&](backend::Session& session) {
    dal::Transaction transaction{session};
    if (auto row = dal::lock_same(session, wanted)) change(session, *row);
    transaction.commit();
    return true;
  });
  parts_.changed();
}

void TriggerBook::enable(std::string_view name, bool enabled) {
  change(name, [&](backend::Session& session, dal::ScheduleRow& row) {
    if (row.paused == !enabled) return;
    row.paused = !enabled;
    row.updated_at = parts_.environment.now();
    (void)dal::update_schedule(session, row);
  });
}

void TriggerBook::remove(std::string_view name) {
  change(name, [](backend::Session& session, dal::ScheduleRow const& row) {
    (void)dal::delete_schedule(session, row.id);
  });
}

std::vector<TriggerFiring> TriggerBook::history(std::string_view name, std::size_t limit,
                                                std::size_t offset) const {
  check_limit(limit);
  auto const id = row_of(name).id;
  return with_reader(parts_.database, [&](backend::Session& reader) {
    return dal::list_trigger_firings(reader, id, limit, offset);
  });
}

}  // namespace cloacina::detail
