// A runner and clients whose calls are timed, each on a thread of its own.
//   half_open URL
// Reads lines `NUMBER VERB [OBJECT]`, and prints `> NUMBER TOOK_MS STOOD_STILL_MS WORD…` when the
// call has returned: what it says, or `refused WHY`. STOOD_STILL_MS is how long of it the machine
// did not let this process run.
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <cloacina/cloacina.hpp>

#include "support/stand_still.hpp"

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

constexpr auto lease = 2s;
constexpr auto short_wait = 2s;

Registry workflows() {
  auto const add = [](TaskContext<>& context) {
    context.put(context.task_id(), context.get("n").get<int>() + 1);
  };
  Registry registry;
  registry.add(WorkflowBuilder{"steps"}.task("a", add).task("b", {"a"}, add).build());
  registry.add(WorkflowBuilder{"endless"}
                   .task("waits", {.timeout = 0ms},
                         [](TaskContext<>& context) -> asio::awaitable<void> {
                           co_await context.async_sleep_for(24h);
                         })
                   .build());
  return registry;
}

template <class Asked>
std::string read(Asked const& asked, std::string const& verb, std::string const& object) {
  if (verb == "list") return "listed " + std::to_string(asked.list().size());
  if (verb == "runners") return "listed " + std::to_string(asked.runners().size());
  auto const id = ExecutionId::parse(object);
  if (verb == "status") return std::string{to_string(asked.status(id))};
  if (verb == "result") return std::string{to_string(asked.result(id).status())};
  throw std::runtime_error{"no such call: " + verb};
}

class Calls {
 public:
  explicit Calls(std::string url) : url_(std::move(url)), runner_(join("first")) {
    // Clients of their own: calls of one wait for one another.
    for (auto const* const verb : {"submit", "cancel", "read"})
      clients_.emplace(verb, Client{url_, workflows()});
  }

  std::string call(std::string const& verb, std::string const& object) {
    if (verb == "open") {
      Client const client{url_, workflows()};
      return "opened";
    }
    if (verb == "join") {
      second_.emplace(join("second"));
      return "joined";
    }
    if (verb == "part") {
      second_->shutdown(short_wait);
      second_.reset();
      return "parted";
    }
    if (verb.starts_with("client_")) return call_client(verb.substr(7), object);
    return call_runner(verb, object);
  }

 private:
  [[nodiscard]] DefaultRunner join(std::string name) const {
    DefaultRunnerConfig config;
    config.lease = lease;
    config.scheduler_poll_interval = 100ms;
    config.runner_name = std::move(name);
    return DefaultRunner::builder()
        .database_url(url_)
        .registry(workflows())
        .config(std::move(config))
        .build();
  }

  std::string call_client(std::string const& verb, std::string const& object) {
    if (verb == "submit")
      return "accepted " +
             clients_.at(verb).submit("steps", Context{{"n", std::stoi(object)}}).to_string();
    if (verb == "cancel") {
      clients_.at(verb).cancel(ExecutionId::parse(object));
      return "cancelled";
    }
    return read(clients_.at("read"), verb, object);
  }

  std::string call_runner(std::string const& verb, std::string const& object) {
    if (verb == "submit" || verb == "begin") {
      auto const* const workflow = verb == "submit" ? "steps" : "endless";
      auto const handle = runner_.submit(workflow, Context{{"n", std::stoi(object)}});
      std::lock_guard lock{mutex_};
      handles_.insert_or_assign(handle.id().to_string(), handle);
      return "accepted " + handle.id().to_string();
    }
    if (verb == "cancel") {
      runner_.cancel(ExecutionId::parse(object));
      return "cancelled";
    }
    if (verb == "execute") {
      auto const result = runner_.execute("steps", Context{{"n", std::stoi(object)}});
      return "accepted " + result.id().to_string();
    }
    if (verb == "wait_for") return handle(object).wait_for(short_wait) ? "ended" : "waited";
    return read(runner_, verb, object);
  }

  ExecutionHandle handle(std::string const& id) {
    std::lock_guard lock{mutex_};
    return handles_.at(id);
  }

  std::string url_;
  std::mutex mutex_;
  std::map<std::string, ExecutionHandle> handles_;
  DefaultRunner runner_;
  std::optional<DefaultRunner> second_;
  std::map<std::string, Client, std::less<>> clients_;
};

/// One line, which the library's log is not part of.
void answer(std::string text) {
  static std::mutex mutex;
  for (char& c : text)
    if (c == '\n') c = ' ';
  std::lock_guard lock{mutex};
  std::cout << "> " << text << std::endl;
}

void timed(Calls& calls, test::StandStill const& still, std::string const& line) {
  std::string number, verb, object;
  std::istringstream{line} >> number >> verb >> object;
  auto const in_ms = [](auto time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  auto const begun = std::chrono::steady_clock::now();
  auto const stood_still = still.so_far();
  std::string said;
  try {
    said = calls.call(verb, object);
  } catch (std::exception const& error) {
    said = std::string{"refused "} + error.what();
  }
  answer(number + ' ' + in_ms(std::chrono::steady_clock::now() - begun) + ' ' +
         in_ms(still.so_far() - stood_still) + ' ' + said);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) throw std::runtime_error{"usage: half_open URL"};
  Calls calls{arguments[1]};
  test::StandStill const still;
  std::vector<std::jthread> threads;
  answer("0 0 0 ready");
  for (std::string line; std::getline(std::cin, line);)
    threads.emplace_back([&calls, &still, line] { timed(calls, still, line); });
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "half_open: %s\n", error.what());
  return 4;
}
