#include "engine/schedule_firing.hpp"

#include <algorithm>
#include <utility>

#include "core/instant_text.hpp"
#include "core/schedule_json.hpp"
#include "core/workflow_inputs.hpp"
#include "engine/time_zones.hpp"

namespace cloacina::engine {

ReadSchedule::ReadSchedule(dal::ScheduleRow const& row)
    : id_(row.id),
      expression_(CronExpression::parse(row.expression)),
      zone_(find_zone(row.timezone)),
      options_(options_from(row.options)) {}

Context firing_context(dal::ScheduleRow const& row, CronOptions const& options, Instant nominal) {
  auto context = options.parameters;
  context.put("scheduled_time", to_iso_text(nominal));
  context.put("schedule_id", row.id.to_string());
  context.put("schedule_timezone", row.timezone);
  context.put("schedule_expression", row.expression);
  return context;
}

dal::FiringWrite firing_of(dal::ScheduleRow const& row, CronOptions const& options,
                           Workflow const& workflow, ExecutionId execution, Instant nominal,
                           std::size_t max_context_bytes) {
  auto const context = firing_context(row, options, nominal);
  dal::FiringWrite firing;
  firing.nominal = nominal;
  firing.execution = execution;
  firing.workflow_version = workflow.version();
  firing.input = checked_input(workflow, context, max_context_bytes);
  return firing;
}

std::optional<Instant> due_of(ScheduleRules const& rules, std::optional<Instant> next) {
  if (!next) return std::nullopt;
  return *next + jitter_of(rules, *next);
}

dal::ScheduleDecision decide_firings(FiringCase&& firing, Environment const& environment) {
  ReadSchedule const schedule{firing.row};
  auto const rules = schedule.rules();
  auto const overlap = schedule.options().overlap;
  dal::ScheduleDecision decision;
  auto& row = decision.row = std::move(firing.row);
  row.error.clear();
  bool running = firing.unfinished;
  auto const fire = [&](Instant nominal) -> dal::FiringWrite& {
    running = true;
    return decision.firings.emplace_back(firing_of(row, schedule.options(), firing.workflow,
                                                   environment.new_id(), nominal,
                                                   firing.max_context_bytes));
  };
  auto const put_off = [&decision](Instant nominal, FiringOutcome outcome, std::string reason) {
    auto& late = decision.firings.emplace_back();
    late.nominal = nominal;
    late.outcome = outcome;
    late.reason = std::move(reason);
  };

  if (firing.queued && !running) {
    fire(*firing.queued).has_row = true;
    --row.queued;
  }
  DueFirings due;
  due.next = row.next_at;
  if (row.next_at && *due_of(rules, row.next_at) <= firing.now)
    due = due_firings(rules, *row.next_at, firing.now, firing.most_at_once);
  for (auto const nominal : due.fire) {
    if (overlap == OverlapPolicy::allow || (!running && row.queued == 0)) {
      fire(nominal);
    } else if (overlap == OverlapPolicy::skip) {
      put_off(nominal, FiringOutcome::skipped, "the execution before it was unfinished");
    } else if (row.queued < most_queued) {
      put_off(nominal, FiringOutcome::queued, "the execution before it was unfinished");
      ++row.queued;
    } else {
      put_off(nominal, FiringOutcome::skipped,
              std::to_string(most_queued) + " waited for their turn already");
    }
  }
  if (due.missed)
    decision.missed.push_back(
        {due.missed->first, due.missed->last, due.missed->count, std::move(due.missed->reason)});
  row.next_at = due.next;
  row.due_at = due_of(rules, due.next);
  if (row.queued > 0) {
    auto const look = firing.now + firing.queue_interval;
    row.due_at = row.due_at ? std::min(*row.due_at, look) : look;
  }
  return decision;
}

}  // namespace cloacina::engine
