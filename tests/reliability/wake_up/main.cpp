// Three processes on one file: who asks, who works, who waits.
//   wake_up work DATABASE     prints `ID TIME` as each body begins, until its input ends
//   wake_up ask DATABASE      reads `submit WORKFLOW` or `cancel ID`, prints `ID TIME` of the call
//   wake_up wait DATABASE     reads `ID`, prints `STATUS TIME` when it is told of its end
// Times are microseconds of the clock that all processes share.
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

#include <cloacina/cloacina.hpp>

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

void say(std::string_view what, std::chrono::steady_clock::time_point at) {
  static std::mutex mutex;
  std::lock_guard lock{mutex};
  std::cout << what << ' '
            << std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count()
            << std::endl;
}

Registry workflows() {
  auto const began = [](TaskContext<>& context) {
    say(context.execution_id().to_string(), std::chrono::steady_clock::now());
  };
  Registry registry;
  registry.add(WorkflowBuilder{"short"}.task("once", {}, began).build());
  registry.add(WorkflowBuilder{"endless"}
                   .task("waits", {.timeout = 0ms},
                         [began](TaskContext<>& context) -> asio::awaitable<void> {
                           began(context);
                           co_await context.async_sleep_for(24h);
                         })
                   .build());
  return registry;
}

DefaultRunner runner(std::string const& url, Registry registry) {
  return DefaultRunner::builder().database_url(url).registry(std::move(registry)).build();
}

void ask(std::string const& url) {
  Client client{url, workflows()};
  std::string verb;
  std::string object;
  while (std::cin >> verb >> object) {
    auto const now = std::chrono::steady_clock::now();
    if (verb == "cancel") {
      client.cancel(ExecutionId::parse(object));
      say(object, now);
    } else {
      say(client.submit(object, Context{}).to_string(), now);
    }
  }
}

void wait(std::string const& url) {
  auto const waiter = runner(url, Registry{});
  say("ready", std::chrono::steady_clock::now());
  std::string execution;
  while (std::cin >> execution) {
    auto const status = waiter.handle(ExecutionId::parse(execution)).wait().status();
    say(to_string(status), std::chrono::steady_clock::now());
  }
}

void work(std::string const& url) {
  auto const worker = runner(url, workflows());
  say("ready", std::chrono::steady_clock::now());
  std::string line;
  while (std::getline(std::cin, line)) {}
}

}  // namespace

int main(int count, char** arguments) try {
  std::string const role = count == 3 ? arguments[1] : "";
  std::string const url = count == 3 ? arguments[2] : "";
  if (role == "ask") {
    ask(url);
  } else if (role == "wait") {
    wait(url);
  } else if (role == "work") {
    work(url);
  } else {
    throw std::runtime_error{"usage: wake_up ask|wait|work URL"};
  }
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "wake_up: %s\n", error.what());
  return 4;
}
