// A runner whose calendar runs fast, with the schedules of a file: "zone|expression" a line.
//   cron_day URL FILE BEGIN ANCHOR SPEED     until it is killed, or told to end by SIGTERM
// Its wall clock shows BEGIN (seconds since 1970) at the instant ANCHOR of the real one, and SPEED
// seconds each second.
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include <cloacina/cloacina.hpp>

using namespace cloacina;
using namespace std::chrono_literals;

namespace {

Environment fast_calendar(double begin, double anchor, double speed) {
  auto environment = Environment::system();
  environment.now = [=] {
    auto const real =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
    auto const shown = std::chrono::duration<double>(begin + (real.count() - anchor) * speed);
    return Instant{std::chrono::duration_cast<std::chrono::microseconds>(shown)};
  };
  return environment;
}

std::vector<CronRegistration> read_schedules(char const* file) {
  std::vector<CronRegistration> schedules;
  std::ifstream lines{file};
  for (std::string line; std::getline(lines, line);) {
    auto const bar = line.find('|');
    schedules.push_back({"noted",
                         line.substr(bar + 1),
                         {.timezone = line.substr(0, bar), .catchup = CatchupPolicy::run_all}});
  }
  return schedules;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 6) throw std::runtime_error{"usage: cron_day URL FILE BEGIN ANCHOR SPEED"};
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &terminate, nullptr);

  Registry registry;
  registry.add(WorkflowBuilder{"noted"}.task("only", [](TaskContext<>&) {}).build());
  DefaultRunnerConfig config;
  config.lease = 1s;
  config.scheduler_poll_interval = 20ms;
  config.task_timeout = config.workflow_timeout = 0ms;
  config.max_crashes = 100;
  config.cron_max_catchup_executions = 10'000;
  auto runner = DefaultRunner::builder()
                    .database_url(arguments[1])
                    .registry(std::move(registry))
                    .config(config)
                    .environment(fast_calendar(std::atof(arguments[3]), std::atof(arguments[4]),
                                               std::atof(arguments[5])))
                    .build();
  (void)runner.register_cron_workflows(read_schedules(arguments[2]));
  int received = 0;
  sigwait(&terminate, &received);
  runner.shutdown();
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "cron_day: %s\n", error.what());
  return 4;
}
