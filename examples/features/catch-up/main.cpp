// What an outage leaves: three schedules of one workflow that differ in their catch-up policy, on a
// clock that the program sets forward. Each fires on the hour.
//
//   13:00  a runner is there
//   14:00 to 18:00  none is
//   18:30  a runner starts: now the policies differ
//   19:00  all as before
#include <atomic>
#include <cloacina/cloacina.hpp>
#include <cstdio>
#include <thread>

using cloacina::CatchupPolicy;
using cloacina::DefaultRunner;
using cloacina::FiringOutcome;
using cloacina::Instant;
using namespace std::chrono;

namespace keys {
CLOACINA_KEY(scheduled_time, std::string);
}  // namespace keys

CLOACINA_TASK(copy, .reads = {keys::scheduled_time}) {}
CLOACINA_WORKFLOW(backup, .inputs = {keys::scheduled_time}, .tasks = {copy});

Instant const midnight = sys_days{2027y / March / 1};

/// A wall clock that can be set; how long things take is measured by another one, which goes on.
class Clock {
 public:
  [[nodiscard]] cloacina::Environment environment() const {
    auto environment = cloacina::Environment::system();
    environment.now = [this] { return now(); };
    return environment;
  }
  [[nodiscard]] Instant now() const {
    return floor<microseconds>(system_clock::now()) + microseconds{ahead_};
  }
  void set(Instant instant) { ahead_ += (instant - now()).count(); }

 private:
  std::atomic<microseconds::rep> ahead_ = 0;
};

DefaultRunner start(Clock const& clock) {
  return DefaultRunner::builder()
      .database_url("sqlite://catch-up.db")
      .config({.scheduler_poll_interval = 20ms,  // notices at once that the clock was set
               .task_timeout = 0ms,              // which is no reason to give up
               .workflow_timeout = 0ms})
      .environment(clock.environment())
      .build();
}

/// What became of an instant, once that is decided, and its execution is Completed.
FiringOutcome outcome(DefaultRunner const& runner, cloacina::ScheduleId id, Instant instant) {
  for (;;) {
    for (auto const& line : runner.get_cron_execution_history(id))
      if (line.scheduled_time <= instant && instant <= line.until.value_or(line.scheduled_time)) {
        if (line.execution) (void)runner.handle(*line.execution).wait().value();
        return line.outcome;
      }
    std::this_thread::sleep_for(5ms);
  }
}

int main() {
  Clock clock;
  clock.set(midnight + 12h + 30min);
  std::vector<cloacina::ScheduleId> schedules;
  auto const print = [&](DefaultRunner const& runner, hours hour) {
    std::printf("%02d:00", static_cast<int>(hour.count()));
    for (auto const id : schedules)
      std::printf("%10s", std::string{to_string(outcome(runner, id, midnight + hour))}.c_str());
    std::printf("\n");
  };

  std::printf("     ");
  {
    auto runner = start(clock);
    for (auto const policy :
         {CatchupPolicy::skip, CatchupPolicy::run_once, CatchupPolicy::run_all}) {
      std::string const name{to_string(policy)};
      std::printf("%10s", name.c_str());
      schedules.push_back(
          runner.register_cron_workflow("backup", "0 * * * *", {.name = name, .catchup = policy}));
    }
    std::printf("\n");
    clock.set(midnight + 13h);
    print(runner, 13h);
  }
  clock.set(midnight + 18h + 30min);  // the outage
  auto runner = start(clock);
  for (auto hour = 14h; hour <= 18h; ++hour) print(runner, hour);
  clock.set(midnight + 19h);
  print(runner, 19h);

  auto const stats = runner.get_cron_execution_stats(midnight);
  std::printf("fired: %zu, missed: %zu\n", stats.total_executions, stats.missed);
}
