// A schedule that fires each second, as if each second were a day: what its executions are given,
// days on which nobody was there, a pause, a start by hand, and days that are filled in later.
//
//   summarise: one task, which is given the schedule's region and the instant it stands for
#include <algorithm>
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <thread>

using cloacina::CronFiring;
using cloacina::DefaultRunner;
using cloacina::FiringOutcome;
using cloacina::ScheduleId;
using namespace std::chrono_literals;

namespace keys {
CLOACINA_KEY(region, std::string);
CLOACINA_KEY(scheduled_time, std::string);
CLOACINA_KEY(title, std::string);
}  // namespace keys
using namespace keys;

CLOACINA_TASK(summarise, .reads = {region, scheduled_time}, .writes = {title}) {
  context.put(title, context.get(region) + ", " + context.get(scheduled_time));
}
CLOACINA_WORKFLOW(report, .inputs = {region, scheduled_time}, .tasks = {summarise});

ScheduleId register_daily(DefaultRunner& runner) {
  return runner.register_cron_workflow("report", "* * * * * *",
                                       {.name = "daily",
                                        .catchup = cloacina::CatchupPolicy::run_all,
                                        .parameters = {{"region", "north"}}});
}

/// What has fired, oldest first, once it is so many.
std::vector<CronFiring> wait_for(DefaultRunner const& runner, ScheduleId id, std::size_t count) {
  for (;;) {
    std::vector<CronFiring> fired;
    for (auto const& firing : runner.get_cron_execution_history(id))
      if (firing.outcome == FiringOutcome::fired) fired.push_back(firing);
    std::reverse(fired.begin(), fired.end());
    if (fired.size() >= count) return fired;
    std::this_thread::sleep_for(20ms);
  }
}

std::string title_of(DefaultRunner const& runner, cloacina::ExecutionId execution) {
  return runner.handle(execution).wait().get(title);
}

bool is_without_gap(std::vector<CronFiring> const& fired) {
  return std::adjacent_find(fired.begin(), fired.end(), [](auto const& a, auto const& b) {
           return b.scheduled_time - a.scheduled_time != 1s;
         }) == fired.end();
}

int main() {
  auto const* const url = "sqlite://cron.db";
  {
    DefaultRunner runner{url};
    auto const id = register_daily(runner);
    auto const fired = wait_for(runner, id, 3);
    std::printf("three days have fired, without a gap: %s\n", is_without_gap(fired) ? "yes" : "no");
  }
  std::this_thread::sleep_for(3s);  // days on which nobody is there

  DefaultRunner runner{url};
  auto const id = register_daily(runner);  // the same again
  std::printf("schedules: %zu\n", runner.list_cron_schedules().size());
  auto const fired = wait_for(runner, id, 7);
  std::printf("those of the absence were caught up: %s\n", is_without_gap(fired) ? "yes" : "no");

  runner.set_cron_schedule_enabled(id, false);
  auto const before = wait_for(runner, id, 7).size();
  std::this_thread::sleep_for(1500ms);
  std::printf("fired while it was paused: %zu\n", wait_for(runner, id, 7).size() - before);

  auto const by_hand = runner.trigger_cron_schedule(id);
  auto const result = runner.handle(by_hand.value()).wait();
  std::printf("by hand, while it is paused: %s\n", std::string{to_string(result.status())}.c_str());

  // Working days at nine in Paris, where the clocks change in the night to Sunday.
  auto const mornings = runner.register_cron_workflow("report", "0 9 * * MON-FRI",
                                                      {.timezone = "Europe/Paris",
                                                       .name = "report",
                                                       .catchup = cloacina::CatchupPolicy::run_once,
                                                       .parameters = {{"region", "south"}}});
  using namespace std::chrono;
  auto const executions = runner.backfill_cron_schedule(mornings, sys_days{2026y / March / 26},
                                                        sys_days{2026y / April / 1});
  for (auto const& execution : executions)
    std::printf("  %s\n", title_of(runner, execution).c_str());
}
