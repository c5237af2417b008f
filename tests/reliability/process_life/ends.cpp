#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "life.hpp"

namespace cloacina::life {
namespace {

/// Ends the process as soon as it sees that a task has completed.
class Ender final : public Observer {
 public:
  void on_task(ExecutionId, std::string_view, std::string_view, TaskStatus status, std::uint32_t,
               std::string_view, Instant) override {
    if (status == TaskStatus::completed) std::exit(0);
  }
};

Registry with_exit_in(std::string const& way) {
  Registry registry = workflows();
  auto builder = WorkflowBuilder{"exits"};
  if (way == "body") builder.task("exit", {}, [](TaskContext<>&) { std::exit(0); });
  if (way == "callback")
    builder.task("exit", {.on_success = [](auto const&...) { std::exit(0); }},
                 [](TaskContext<>&) {});
  if (way == "coroutine")
    builder.task("exit", {}, [](TaskContext<>&) -> asio::awaitable<void> {
      std::exit(0);
      co_return;
    });
  if (way == "body" || way == "callback" || way == "coroutine") registry.add(builder.build());
  return registry;
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

/// Ends the process, or returns the code that `main` is to return.
int leave(DefaultRunner& runner, Setting& setting, std::string const& way) {
  try {
    submit(runner, setting, 60);
  } catch (RunnerStopped const&) {
    wait_for_ever();  // an observer is on its way out already
  }
  wait_until_begun(1 + static_cast<int>(setting.dice() % 40));
  if (way == "return") return 0;
  if (way == "exit") std::exit(0);
  if (way == "quick_exit") std::quick_exit(0);
  if (way == "_exit") ::_exit(0);
  if (way == "terminate") std::terminate();
  if (way == "signal") ::raise(SIGTERM);
  if (way == "thread") std::thread{[] { std::exit(0); }}.detach();
  if (way == "handler")
    runner.async_submit("steps", Context{}, [](auto const&...) { std::exit(0); });
  if (way == "body" || way == "callback" || way == "coroutine")
    (void)runner.submit("exits", Context{});
  wait_for_ever();
}

}  // namespace

int end(Setting& setting, std::string const& holder, std::string const& way) {
  auto const make = [&] {
    return make_runner(setting, with_exit_in(way),
                       way == "observer" ? std::make_shared<Ender>() : nullptr);
  };
  if (holder == "automatic") {
    auto runner = make();
    return leave(runner, setting, way);
  }
  if (holder == "static") {
    static auto runner = make();
    return leave(runner, setting, way);
  }
  if (holder == "thread_local") {
    thread_local auto runner = make();
    return leave(runner, setting, way);
  }
  if (holder == "leaked") return leave(*new DefaultRunner{make()}, setting, way);
  if (holder == "shared") {  // with a thread that nobody waits for
    static auto const runner = std::make_shared<DefaultRunner>(make());
    std::thread{[mine = runner, setting] {
      try {
        for (;;) submit(*mine, setting, 1);
      } catch (RunnerStopped const&) {}
    }}.detach();
    return leave(*runner, setting, way);
  }
  throw std::runtime_error{"no such holder: " + holder};
}

}  // namespace cloacina::life
