// A runner that owns executions which do not end, or waits for those of others.
//   takeover_latency URL EXECUTIONS POLL_MS     until it is killed, or told to end by SIGTERM
#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <cloacina/cloacina.hpp>

int main(int count, char** arguments) try {
  using namespace cloacina;
  using namespace std::chrono_literals;
  if (count != 4) throw std::runtime_error{"usage: takeover_latency URL EXECUTIONS POLL_MS"};
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &terminate, nullptr);

  Registry registry;
  registry.add(WorkflowBuilder{"endless"}
                   .timeout(0ms)
                   .task("waits", {.timeout = 0ms},
                         [](TaskContext<>& context) -> asio::awaitable<void> {
                           co_await context.async_sleep_for(24h);
                         })
                   .build());
  DefaultRunnerConfig config;
  config.lease = 2s;
  config.scheduler_poll_interval = std::chrono::milliseconds{std::atoi(arguments[3])};
  config.max_crashes = 100;
  auto runner = DefaultRunner::builder()
                    .database_url(arguments[1])
                    .registry(std::move(registry))
                    .config(config)
                    .build();
  if (auto const executions = std::atoi(arguments[2]); executions > 0)
    (void)runner.submit_many("endless", std::vector<Context>(static_cast<std::size_t>(executions)));
  int received = 0;
  sigwait(&terminate, &received);
  runner.shutdown();
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "takeover_latency: %s\n", error.what());
  return 4;
}
