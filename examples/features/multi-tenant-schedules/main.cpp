// multi_tenant_schedules [URL]: shops in three zones, each a tenant that closes its books at six by
// the clock of its town. All are the same workflow.
//
// Without a URL each tenant is an SQLite file; with that of a PostgreSQL each is a schema.
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <filesystem>
#include <thread>

using cloacina::DefaultRunner;
using cloacina::ScheduleId;
using namespace std::chrono;

namespace keys {
CLOACINA_KEY(shop, std::string);
CLOACINA_KEY(scheduled_time, std::string);
CLOACINA_KEY(schedule_timezone, std::string);
CLOACINA_KEY(books, std::string);
}  // namespace keys
using namespace keys;

CLOACINA_TASK(add_up, .reads = {shop, scheduled_time, schedule_timezone}, .writes = {books}) {
  context.put(books, context.get(shop) + ", " + context.get(schedule_timezone) + ": " +
                         context.get(scheduled_time));
}
CLOACINA_WORKFLOW(close_books, .inputs = {shop, scheduled_time, schedule_timezone},
                  .tasks = {add_up});

struct Shop {
  std::string name, zone;
  std::shared_ptr<DefaultRunner> runner{};
  ScheduleId schedule{};
};

/// The latest that the clock has fired.
cloacina::ExecutionId wait_for_firing(DefaultRunner const& runner, ScheduleId id) {
  for (;;) {
    auto const history = runner.get_cron_execution_history(id, 1);
    if (!history.empty() && history[0].scheduled_time > sys_days{2026y / April / 1})
      return history[0].execution.value();
    std::this_thread::sleep_for(20ms);
  }
}

int main(int argc, char** argv) try {
  std::filesystem::create_directory("shops");
  std::string const suffix = argc > 2 ? argv[2] : "";
  cloacina::TenantHost host{argc > 1 ? argv[1] : "sqlite://shops"};

  std::vector<Shop> shops{
      {"tokyo", "Asia/Tokyo"}, {"paris", "Europe/Paris"}, {"new_york", "America/New_York"}};
  for (auto& [name, zone, runner, schedule] : shops) {
    runner = host.tenant(name + suffix);
    schedule =
        runner->register_cron_workflow(scheduled(close_books, shop = name), "0 18 * * FRI,MON",
                                       {.timezone = zone, .name = "closing"});
  }

  // Between this Friday and this Monday clocks change in Paris; in New York they have already.
  for (auto const& [name, zone, runner, schedule] : shops)
    for (auto const execution : runner->backfill_cron_schedule(
             schedule, sys_days{2026y / March / 27}, sys_days{2026y / March / 31} + 12h))
      std::printf("%s\n", runner->handle(execution).wait().get(books).c_str());

  // Nobody waits until the evening: from now on each second is one.
  shops[0].runner->set_cron_schedule_enabled(shops[0].schedule, false);
  for (auto const& [name, zone, runner, schedule] : shops)
    runner->update_cron_schedule(schedule, "* * * * * *", zone);
  for (auto const& [name, zone, runner, schedule] : shops) {
    if (!runner->get_cron_schedule(schedule).options.enabled) continue;
    auto const result = runner->handle(wait_for_firing(*runner, schedule)).wait();
    std::printf("fired by the clock: %s, %s\n", result.get(shop).c_str(),
                result.get(schedule_timezone).c_str());
  }
  std::printf("fired in tokyo, which is paused: %zu\n",
              shops[0].runner->get_cron_execution_history(shops[0].schedule).size() - 2);
  for (auto const& each : shops)
    std::printf("%s has schedules: %zu\n", each.name.c_str(),
                each.runner->list_cron_schedules().size());
  try {
    (void)shops[0].runner->get_cron_schedule(shops[1].schedule);
  } catch (cloacina::ScheduleNotFound const&) {
    std::printf("tokyo does not see that of paris\n");
  }
  return 0;
} catch (cloacina::Error const& error) {
  std::fprintf(stderr, "multi_tenant_schedules: %s\n", error.what());
  return 1;
}
