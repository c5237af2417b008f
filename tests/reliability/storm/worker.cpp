// One process of the storm: submits executions and runs them until it is killed, or told to end by
// SIGTERM.
// The database is that of CLOACINA_TRIAL_URL.
//   worker DIRECTORY init          makes the database and ends
//   worker DIRECTORY run SLOT      SLOT names the place that its successors take over
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include <cloacina/client.hpp>
#include <cloacina/runner.hpp>

#include "plan.hpp"
#include "witness.hpp"

namespace {

using namespace cloacina;
using namespace cloacina::storm;
using test::AppendFile;
using namespace std::chrono_literals;

constexpr std::size_t in_flight = 6;  // executions that one submitter waits for at a time

struct Places {
  std::filesystem::path directory;
  [[nodiscard]] static std::string url() { return std::getenv("CLOACINA_TRIAL_URL"); }
  [[nodiscard]] std::filesystem::path accepted() const { return directory / "accepted"; }
  [[nodiscard]] std::filesystem::path answered() const { return directory / "answered"; }
  [[nodiscard]] std::filesystem::path stop() const { return directory / "stop"; }
  /// There once this process submits no more.
  [[nodiscard]] std::filesystem::path quiet() const {
    return directory / ("quiet." + std::to_string(::getpid()));
  }
};

DefaultRunnerConfig config(std::string slot) {
  DefaultRunnerConfig chosen;
  chosen.lease = 500ms;
  chosen.scheduler_poll_interval = 50ms;
  chosen.runner_name = std::move(slot);
  return chosen;
}

/// The first number of `submitter` that its predecessor was not told to be accepted.
std::uint64_t first_open_number(Places const& places, std::string const& submitter) {
  std::ifstream lines{places.accepted()};
  std::uint64_t next = 0;
  for (std::string line; std::getline(lines, line);) {
    auto const accepted = Json::parse(line, nullptr, false);
    if (!accepted.is_object() || accepted.at("submitter") != submitter) continue;
    next = std::max(next, accepted.at("n").get<std::uint64_t>() + 1);
  }
  return next;
}

/// A caller as one should be: every submission has a key, and what was not acknowledged before a
/// crash is repeated.
class Submitter {
 public:
  Submitter(Places const& places, Plan const& plan, std::string name)
      : places_(places),
        plan_(plan),
        name_(std::move(name)),
        accepted_(places.accepted()),
        answered_(places.answered()) {}

  /// `submit(workflow, input, key)` returns what `settle` takes.
  template <class Submit, class Settle>
  void run(Submit submit, Settle settle) {
    for (auto n = first_open_number(places_, name_); !std::filesystem::exists(places_.stop());
         ++n) {
      auto const& workflow = plan_.names[n % plan_.names.size()];
      auto const key = name_ + "-" + std::to_string(n);
      auto const [id, pending] = submit(workflow, Context{{"n", n}}, key);
      Json const line{{"submitter", name_},
                      {"n", n},
                      {"key", key},
                      {"workflow", workflow},
                      {"execution", id.to_string()}};
      accepted_.append(line.dump());
      settle(pending);
    }
  }

  void answered(ExecutionResult const& result) {
    Json const line{{"execution", result.id().to_string()},
                    {"status", to_string(result.status())},
                    {"context", Json::parse(result.context().to_json())}};
    answered_.append(line.dump());
  }

 private:
  Places const& places_;
  Plan const& plan_;
  std::string name_;
  AppendFile accepted_;
  AppendFile answered_;
};

void submit_to_runner(Places const& places, Plan const& plan, DefaultRunner& runner,
                      std::string const& slot) {
  Submitter submitter{places, plan, slot + ".runner"};
  std::deque<ExecutionHandle> waiting;
  auto const submit = [&](std::string_view workflow, Context input, std::string_view key) {
    auto handle = runner.submit(workflow, std::move(input), {.idempotency_key = key});
    return std::pair{handle.id(), handle};
  };
  auto const settle = [&](ExecutionHandle const& handle) {
    waiting.push_back(handle);
    if (waiting.size() < in_flight) return;
    // One that waits after a crash must not hold up the load.
    if (auto const result = waiting.front().wait_for(200ms)) submitter.answered(*result);
    waiting.pop_front();
  };
  submitter.run(submit, settle);
}

void submit_through_client(Places const& places, Plan const& plan, std::string const& slot) {
  Submitter submitter{places, plan, slot + ".client"};
  Client client{Places::url(), plan.registry};
  auto const submit = [&](std::string_view workflow, Context input, std::string_view key) {
    auto const id = client.submit(workflow, std::move(input), {.idempotency_key = key});
    return std::pair{id, id};
  };
  submitter.run(submit, [](ExecutionId) { std::this_thread::sleep_for(40ms); });
}

void run(Places const& places, std::string const& slot) {
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &terminate, nullptr);

  Witness witness{Places::url(), places.directory / "witness"};
  auto const plan = read_plan(places.directory / "workflows.json", witness);
  auto runner = DefaultRunner::builder()
                    .database_url(Places::url())
                    .registry(plan.registry)
                    .config(config(slot))
                    .build();
  // An error here is one that a caller would see: it ends the process, which the supervisor counts
  // as a failure.
  std::atomic<int> submitting{2};
  auto const one_ended = [&] {
    if (--submitting == 0) std::ofstream{places.quiet()}.close();
  };
  std::thread direct{[&] {
    submit_to_runner(places, plan, runner, slot);
    one_ended();
  }};
  std::thread through_client{[&] {
    submit_through_client(places, plan, slot);
    one_ended();
  }};
  int received = 0;
  sigwait(&terminate, &received);
  direct.join();
  through_client.join();
  runner.shutdown(5s);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3)
    throw std::runtime_error{"usage: worker DIRECTORY init | worker DIRECTORY run SLOT"};
  Places const places{argv[1]};
  if (std::string{argv[2]} == "init") {
    Client const client{Places::url(), Registry{}};
    return 0;
  }
  run(places, argv[3]);
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "storm worker: %s\n", error.what());
  return 4;
}
