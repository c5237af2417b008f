// A runner and a client that do as they are told, and say what they were told.
//   ambiguous_commit URL
// Reads commands, and answers each with one line, `> WORD…`, or `> refused WHY`:
//
//   run WORKFLOW N    submits to the runner and waits for the end: `accepted ID STATUS`
//   begin WORKFLOW N  does not wait: `accepted ID`
//   keep WORKFLOW N   the same, for an hour from now
//   leave WORKFLOW N  through the client, for any runner: `accepted ID`
//   later WORKFLOW N  the same, for an hour from now
//   cancel ID         through the client: `cancelled`
//   join              a second runner, submitted to from now on: `joined`
//   part              shuts it down: `parted`
//   open              another client, used from now on: `opened`
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

#include <cloacina/cloacina.hpp>

namespace {

using namespace cloacina;
using namespace std::chrono_literals;

constexpr auto lease = 2s;

Registry workflows() {
  auto const add = [](TaskContext<>& context) {
    context.put(context.task_id(), context.get("n").get<int>() + 1);
  };
  Registry registry;
  registry.add(
      WorkflowBuilder{"steps"}.task("a", add).task("b", {"a"}, add).task("c", {"b"}, add).build());
  // Ends in the transaction that stores it.
  registry.add(
      WorkflowBuilder{"nothing"}
          .task("never", {.trigger_rule = when::context_value("n", when::less_than, 0)}, add)
          .build());
  registry.add(WorkflowBuilder{"endless"}
                   .task("waits", {.timeout = 0ms},
                         [](TaskContext<>& context) -> asio::awaitable<void> {
                           co_await context.async_sleep_for(24h);
                         })
                   .build());
  return registry;
}

class Program {
 public:
  explicit Program(std::string url) : url_(std::move(url)) {}

  std::string obey(std::string const& verb) {
    if (verb == "cancel") {
      client_.cancel(ExecutionId::parse(word()));
      return "cancelled";
    }
    if (verb == "join") {
      second_.emplace(runner("second"));
      return "joined";
    }
    if (verb == "part") {
      second_->shutdown(2s);
      second_.reset();
      return "parted";
    }
    if (verb == "open") {
      client_ = Client{url_, workflows()};
      return "opened";
    }
    return submit(verb);
  }

 private:
  static std::string word() {
    std::string next;
    if (!(std::cin >> next)) throw std::runtime_error{"a command without its object"};
    return next;
  }

  [[nodiscard]] DefaultRunner runner(std::string name) const {
    DefaultRunnerConfig config;
    config.lease = lease;
    config.scheduler_poll_interval = 50ms;
    config.runner_name = std::move(name);
    return DefaultRunner::builder()
        .database_url(url_)
        .registry(workflows())
        .config(std::move(config))
        .build();
  }

  std::string submit(std::string const& verb) {
    auto const workflow = word();
    Context const input{{"n", std::stoi(word())}};
    if (verb == "leave") return "accepted " + client_.submit(workflow, input).to_string();
    if (verb == "later")
      return "accepted " + client_.submit(workflow, input, {.start_after = 1h}).to_string();
    auto const start_after = verb == "keep" ? std::chrono::milliseconds{1h} : 0ms;
    auto const handle =
        (second_ ? *second_ : first_).submit(workflow, input, {.start_after = start_after});
    auto const accepted = "accepted " + handle.id().to_string();
    if (verb != "run") return accepted;
    return accepted + ' ' + std::string{to_string(handle.wait().status())};
  }

  std::string url_;
  DefaultRunner first_ = runner("first");
  std::optional<DefaultRunner> second_;
  Client client_{url_, workflows()};
};

/// One line, which the library's log is not part of.
void answer(std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  std::cout << "> " << text << std::endl;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) throw std::runtime_error{"usage: ambiguous_commit URL"};
  Program program{arguments[1]};
  answer("ready");
  std::string verb;
  while (std::cin >> verb) {
    try {
      answer(program.obey(verb));
    } catch (Error const& error) {
      answer(std::string{"refused "} + error.what());
    }
  }
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "ambiguous_commit: %s\n", error.what());
  return 4;
}
