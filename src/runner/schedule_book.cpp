#include "runner/schedule_book.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <cloacina/error.hpp>

#include "core/schedule_json.hpp"
#include "dal/firings.hpp"
#include "dal/transaction.hpp"
#include "engine/schedule_firing.hpp"
#include "runner/check_text.hpp"
#include "runner/submission.hpp"
#include "runner/with_reader.hpp"

namespace cloacina::detail {
namespace {

using engine::ReadSchedule;

constexpr std::size_t longest_name = 255;
constexpr std::size_t most_backfilled = 10'000;
constexpr std::size_t at_once = 500;

[[noreturn]] void throw_not_found(ScheduleId id) {
  auto const text = id.to_string();
  throw ScheduleNotFound{"no schedule " + text + " in this database", text};
}

void check_names(CronOptions const& options) {
  check_text("name", options.name);
  if (options.name.size() > longest_name)
    throw ValidationError{"the name of a schedule has " + std::to_string(options.name.size()) +
                              " bytes; at most 255 are allowed",
                          "name"};
  for (auto const key : given_by_cron)
    if (options.parameters.contains(key))
      throw ValidationError{"parameter '" + std::string{key} +
                                "' is what each execution of a schedule is given; rename yours",
                            std::string{key}};
}

CronSchedule schedule_of(dal::ScheduleRow&& row) {
  CronSchedule schedule;
  schedule.id = row.id;
  schedule.options = options_from(row.options);
  schedule.options.timezone = std::move(row.timezone);
  schedule.options.name = std::move(row.name);
  schedule.options.enabled = !row.paused;
  schedule.workflow = std::move(row.workflow);
  schedule.expression = std::move(row.expression);
  if (!row.paused) schedule.next_run_at = row.next_at;
  schedule.last_run_at = row.last_at;
  schedule.error = std::move(row.error);
  schedule.created_at = row.created_at;
  schedule.updated_at = row.updated_at;
  return schedule;
}

/// A registration of what is there: its cursor stays unless its times are others now.
dal::ScheduleRow renewed(dal::ScheduleRow const& stored, dal::ScheduleRow const& wanted,
                         Instant now) {
  auto row = stored;
  row.expression = wanted.expression;
  row.timezone = wanted.timezone;
  row.options = wanted.options;
  row.updated_at = now;
  row.error.clear();
  ReadSchedule const after{row};
  // Not its zone: one that is not known any more is what this may mend.
  auto const before = options_from(stored.options);
  bool const same_times = stored.expression == row.expression && stored.timezone == row.timezone &&
                          before.start == after.options().start &&
                          before.end == after.options().end;
  if (!same_times) row.next_at = next_firing(after.rules(), now);
  row.due_at = engine::due_of(after.rules(), row.next_at);
  if (row.queued > 0) row.due_at = now;
  return row;
}

bool says_the_same(dal::ScheduleRow const& a, dal::ScheduleRow const& b) {
  return a.expression == b.expression && a.timezone == b.timezone && a.options == b.options;
}

void check_number(ScheduleRules const& rules, Instant from, Instant to) {
  std::size_t instants = 0;
  for (auto at = next_firing(rules, from - std::chrono::microseconds{1}); at && *at <= to;
       at = next_firing(rules, *at))
    if (++instants > most_backfilled)
      throw ValidationError{"a backfill of more than 10000 instants; give a shorter range", "to"};
}

/// What was missed and fires now is not missed any more.
void take_from_missed(backend::Session& session, ScheduleRules const& rules, Instant from,
                      Instant to, dal::ScheduleDecision& decision) {
  for (auto const& line : dal::missed_within(session, rules.id, from, to)) {
    dal::delete_missed(session, rules.id, line.first);
    for (auto& left : left_of(rules, {line.first, line.last, line.instants, line.reason}, from, to))
      decision.missed.push_back({left.first, left.last, left.count, std::move(left.reason)});
  }
}

ScheduleId store(backend::Session& session, dal::ScheduleRow const& row) {
  for (;;) {
    if (auto const stored = dal::lock_same(session, row)) {
      if (!says_the_same(*stored, row))
        (void)dal::update_schedule(session, renewed(*stored, row, row.updated_at));
      return stored->id;
    }
    if (dal::insert_schedule(session, row)) return row.id;
    // Somebody else has registered it since.
  }
}

}  // namespace

dal::ScheduleRow ScheduleBook::checked_row(CronRegistration const& registration) const {
  auto const workflows = parts_.workflows();
  auto const& workflow = find_workflow(workflows, registration.workflow);
  auto const& options = registration.options;
  check_names(options);
  auto const now = parts_.environment.now();
  dal::ScheduleRow row;
  row.id = parts_.environment.new_id();
  row.workflow = workflow.name();
  row.name = options.name;
  row.expression = registration.expression;
  row.timezone = options.timezone;
  row.options = options_text(options);
  row.paused = !options.enabled;
  row.created_at = row.updated_at = now;
  ReadSchedule const schedule{row};
  check_schedule(schedule.rules(), now);
  row.next_at = next_firing(schedule.rules(), now);
  row.due_at = engine::due_of(schedule.rules(), row.next_at);
  (void)engine::firing_of(row, options, workflow, row.id, now, parts_.max_context_bytes);
  return row;
}

std::vector<ScheduleId> ScheduleBook::register_all(
    std::vector<CronRegistration> const& registrations) {
  parts_.check_writable();
  std::vector<dal::ScheduleRow> rows;
  rows.reserve(registrations.size());
  for (auto const& registration : registrations) rows.push_back(checked_row(registration));
  std::vector<ScheduleId> ids;
  ids.reserve(rows.size());
  for (std::size_t begin = 0; begin < rows.size(); begin += at_once) {
    auto const end = std::min(rows.size(), begin + at_once);
    auto const stored = parts_.session.write([&](backend::Session& session) {
      dal::Transaction transaction{session};
      std::vector<ScheduleId> some;
      for (auto i = begin; i < end; ++i) some.push_back(store(session, rows[i]));
      transaction.commit();
      return some;
    });
    ids.insert(ids.end(), stored.begin(), stored.end());
    parts_.changed();
  }
  return ids;
}

std::vector<CronSchedule> ScheduleBook::list(ListSchedulesOptions const& options) const {
  check_limit(options.limit);
  auto rows = with_reader(parts_.database, [&](backend::Session& reader) {
    return dal::list_schedules(reader, {.kind = dal::cron_kind,
                                        .enabled_only = options.enabled_only,
                                        .limit = options.limit,
                                        .offset = options.offset});
  });
  std::vector<CronSchedule> schedules;
  schedules.reserve(rows.size());
  for (auto& row : rows) schedules.push_back(schedule_of(std::move(row)));
  return schedules;
}

dal::ScheduleRow ScheduleBook::row_of(ScheduleId id) const {
  auto row = with_reader(parts_.database,
                         [id](backend::Session& reader) { return dal::find_schedule(reader, id); });
  if (!row || row->kind != dal::cron_kind) throw_not_found(id);
  return std::move(*row);
}

CronSchedule ScheduleBook::get(ScheduleId id) const { return schedule_of(row_of(id)); }

template <class Change>
auto ScheduleBook::change(ScheduleId id, Change&& change) {
  parts_.check_writable();
  auto const now = parts_.environment.now();
  auto result = parts_.session.write([&](backend::Session& session) {
    dal::Transaction transaction{session};
    auto row = dal::lock_schedule(session, id);
    if (!row || row->kind != dal::cron_kind) throw_not_found(id);
    auto answer = change(session, *row, now);
    transaction.commit();
    return answer;
  });
  parts_.changed();
  return result;
}

void ScheduleBook::update(ScheduleId id, std::string_view expression, std::string_view timezone) {
  change(id, [&](backend::Session& session, dal::ScheduleRow& row, Instant now) {
    auto wanted = row;
    wanted.expression = expression;
    wanted.timezone = timezone;
    check_schedule(ReadSchedule{wanted}.rules(), now);
    if (!dal::update_schedule(session, renewed(row, wanted, now)))
      throw ValidationError{"another schedule of workflow '" + row.workflow + "' has expression '" +
                                wanted.expression + "' in zone '" + wanted.timezone +
                                "'; delete one of them, or give one a name",
                            "expression"};
    return true;
  });
}

void ScheduleBook::enable(ScheduleId id, bool enabled) {
  change(id, [&](backend::Session& session, dal::ScheduleRow& row, Instant now) {
    if (row.paused == !enabled) return true;
    row.paused = !enabled;
    row.updated_at = now;
    dal::ScheduleDecision decision;
    if (enabled && row.next_at) {
      ReadSchedule const schedule{row};
      auto const rules = schedule.rules();
      if (auto missed = all_missed(rules, *row.next_at, now, "the schedule was paused")) {
        decision.missed.push_back(
            {missed->first, missed->last, missed->count, std::move(missed->reason)});
        row.next_at = next_firing(rules, now);
      }
      row.due_at = row.queued > 0 ? now : engine::due_of(rules, row.next_at);
      row.error.clear();
    }
    if (!decision.missed.empty()) {
      decision.row = row;
      dal::write_decisions(session, {std::move(decision)}, now);
    }
    return dal::update_schedule(session, row);
  });
}

void ScheduleBook::remove(ScheduleId id) {
  change(id, [&](backend::Session& session, dal::ScheduleRow&, Instant) {
    return dal::delete_schedule(session, id);
  });
}

std::optional<ExecutionId> ScheduleBook::trigger(ScheduleId id) {
  using Answer = std::optional<ExecutionId>;
  auto const nominal = parts_.environment.now();
  auto const execution = parts_.environment.new_id();
  auto const workflows = parts_.workflows();
  return change(id, [&](backend::Session& session, dal::ScheduleRow& row, Instant now) {
    // R8: of an earlier try, whose answer was lost.
    if (auto const stored = dal::firing_at(session, id, nominal)) return stored->execution;
    auto const& workflow = find_workflow(workflows, row.workflow);
    ReadSchedule const schedule{row};
    auto const overlap = schedule.options().overlap;
    bool const waits = overlap != OverlapPolicy::allow &&
                       (row.queued > 0 || dal::are_unfinished(session, {row}).front());
    if (waits && overlap == OverlapPolicy::skip)
      throw StateError{"schedule " + id.to_string() +
                           " lets no executions overlap, and execution " +
                           row.last_execution->to_string() + " is unfinished; wait for its end",
                       id.to_string()};
    auto firing = engine::firing_of(row, schedule.options(), workflow, execution, nominal,
                                    parts_.max_context_bytes);
    Answer answer{execution};
    if (waits) {
      if (row.queued >= engine::most_queued)
        throw StateError{"schedule " + id.to_string() + " has " + std::to_string(row.queued) +
                             " instants that wait for their turn, as many as may",
                         id.to_string()};
      firing.outcome = FiringOutcome::queued;
      firing.reason = "the execution before it was unfinished";
      ++row.queued;
      row.due_at = now;
      answer.reset();
    }
    dal::ScheduleDecision decision{row, {}, {}};
    decision.firings.push_back(std::move(firing));
    dal::write_decisions(session, {std::move(decision)}, now);
    return answer;
  });
}

std::vector<ExecutionId> ScheduleBook::backfill(ScheduleId id, Instant from, Instant to) {
  if (to < from || to > parts_.environment.now())
    throw ValidationError{to < from ? "the backfill ends before it begins"
                                    : "the backfill ends in the future; expected an end that has "
                                      "come: what comes later fires by itself",
                          "to"};
  parts_.check_writable();
  // Before anything is stored: it takes several transactions.
  check_number(ReadSchedule{row_of(id)}.rules(), from, to);
  auto const workflows = parts_.workflows();
  std::map<Instant, ExecutionId> ids;  // the same for each try of a transaction
  std::vector<ExecutionId> executions;
  for (auto after = std::optional{from - std::chrono::microseconds{1}}; after;) {
    after = change(id, [&](backend::Session& session, dal::ScheduleRow& row, Instant now) {
      auto const& workflow = find_workflow(workflows, row.workflow);
      ReadSchedule const schedule{row};
      dal::ScheduleDecision decision{row, {}, {}};
      auto at = next_firing(schedule.rules(), *after);
      for (; at && *at <= to && decision.firings.size() < at_once;
           at = next_firing(schedule.rules(), *at)) {
        auto const stored = dal::firing_at(session, id, *at);
        if (stored && stored->outcome != FiringOutcome::skipped) continue;
        auto const execution = ids.try_emplace(*at, parts_.environment.new_id()).first->second;
        decision.firings.push_back(engine::firing_of(row, schedule.options(), workflow, execution,
                                                     *at, parts_.max_context_bytes));
        decision.firings.back().has_row = stored.has_value();
      }
      bool const is_last = !at || *at > to;
      auto const end = is_last ? to : *at - std::chrono::microseconds{1};
      take_from_missed(session, schedule.rules(), *after + std::chrono::microseconds{1}, end,
                       decision);
      dal::write_decisions(session, {std::move(decision)}, now);
      return is_last ? std::optional<Instant>{} : std::optional{end};
    });
  }
  for (auto const& [instant, execution] : ids) executions.push_back(execution);
  return executions;
}

std::vector<CronFiring> ScheduleBook::history(ScheduleId id, std::size_t limit,
                                              std::size_t offset) const {
  check_limit(limit);
  (void)row_of(id);
  return with_reader(parts_.database, [&](backend::Session& reader) {
    return dal::list_firings(reader, id, limit, offset);
  });
}

CronStats ScheduleBook::stats(Instant since) const {
  return with_reader(parts_.database, [since](backend::Session& reader) {
    return dal::count_firings(reader, since);
  });
}

}  // namespace cloacina::detail
