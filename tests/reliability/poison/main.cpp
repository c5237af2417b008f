// One process of a runner that has a task which ends it, among innocent ones.
//   poison URL KIND INNOCENTS     prints "done" when everything has ended
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <cloacina/cloacina.hpp>

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

/// Deeper than any stack. Through a pointer: compilers see a recursion that never ends.
int use_up_stack(int depth) {
  static int (*volatile deeper)(int) = use_up_stack;
  char volatile page[4096] = {};
  page[0] = static_cast<char>(depth);
  return deeper(depth + 1) + page[0];
}

/// `noexcept`: what it cannot allocate ends the process.
void use_up_memory() noexcept {
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = rlim_t{1} << 30;
  ::setrlimit(RLIMIT_AS, &limit);
  std::vector<std::unique_ptr<char[]>> all;
  for (;;) all.push_back(std::make_unique<char[]>(std::size_t{16} << 20));
}

void die(std::string const& kind) {
  if (kind == "abort") std::abort();
  if (kind == "segv") *reinterpret_cast<int volatile*>(std::uintptr_t{8}) = 1;
  if (kind == "exit") std::exit(0);
  if (kind == "stack") std::printf("%d", use_up_stack(0));
  if (kind == "memory") use_up_memory();
  throw std::runtime_error{"no such poison: " + kind};
}

Workflow poison(std::string const& kind) {
  return WorkflowBuilder{"poison"}
      .task("before", [](TaskContext<>&) {})
      .task("drink", {"before"}, [kind](TaskContext<>&) { die(kind); })
      .build();
}

Workflow innocent() {
  auto const work = [](TaskContext<>& context) { context.sleep_for(3ms); };
  return WorkflowBuilder{"innocent"}
      .task("a", work)
      .task("b", {"a"}, work)
      .task("c", {"b"},
            [](TaskContext<>& context) -> asio::awaitable<void> {
              co_await context.async_sleep_for(5ms);
            })
      .build();
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 4) throw std::runtime_error{"usage: poison URL KIND INNOCENTS"};
  Registry registry;
  registry.add(poison(arguments[2]));
  registry.add(innocent());
  DefaultRunnerConfig config;
  config.lease = 500ms;
  config.scheduler_poll_interval = 100ms;
  config.max_crashes = 3;
  auto runner = DefaultRunner::builder()
                    .database_url(arguments[1])
                    .registry(std::move(registry))
                    .config(config)
                    .build();
  std::vector<ExecutionHandle> handles;
  auto const innocents = std::atoi(arguments[3]);
  for (int n = 0; n < innocents; ++n) {
    if (n == innocents / 2)
      handles.push_back(runner.submit("poison", {}, {.idempotency_key = "p"}));
    auto const key = std::to_string(n);
    handles.push_back(runner.submit("innocent", {}, {.idempotency_key = key}));
  }
  for (auto const& handle : handles) (void)handle.wait();
  runner.shutdown();
  std::printf("done\n");
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "poison: %s\n", error.what());
  return 4;
}
