// Processes on a disk that somebody else fills and empties. What they note is on another one.
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <cloacina/cloacina.hpp>

#include "disk_full.hpp"
#include "support/append_file.hpp"

namespace cloacina::disk_full {
namespace {

using namespace std::chrono_literals;
using test::AppendFile;

constexpr int submitters = 3;
// A few megabytes a second: what is free is soon used up, but not by the load alone.
constexpr std::size_t payload = 3'000;
constexpr auto pace = 10ms;

Workflow chain() {
  WorkflowBuilder builder{"chain"};
  builder.task("first", {}, [](TaskContext<>& context) {
    context.put("first", context.get_as<std::string>("key") + std::string(payload, 'x'));
  });
  builder.task("second", {.after = {"first"}}, [](TaskContext<>& context) {
    context.put("second", context.get("first").get<std::string>().size());
  });
  return builder.build();
}

std::string url(std::filesystem::path const& disk) {
  return "sqlite://" + (disk / "work.db").string();
}

Registry workflows() {
  Registry registry;
  registry.add(chain());
  return registry;
}

DefaultRunner make_runner(std::filesystem::path const& disk) {
  DefaultRunnerConfig config;
  config.lease = 1s;
  config.scheduler_poll_interval = 100ms;
  return DefaultRunner::builder()
      .database_url(url(disk))
      .registry(workflows())
      .config(config)
      .build();
}

/// Callers of all kinds, until the runner stops; they insist, and note all that they are told.
class Callers {
 public:
  Callers(DefaultRunner& runner, std::filesystem::path const& disk,
          std::filesystem::path const& witness)
      : runner_(runner),
        client_(url(disk), workflows()),
        accepted_(witness / "accepted"),
        answered_(witness / "answered"),
        errors_(witness / "errors") {
    for (int n = 0; n < submitters; ++n)
      threads_.emplace_back([this, n] { until_stopped([this, n] { submit_and_wait(n); }); });
    threads_.emplace_back([this] { until_stopped([this] { submit_from_outside(); }); });
    threads_.emplace_back([this] { until_stopped([this] { read(); }); });
  }

  void stop() {
    stopped_ = true;
    for (auto& thread : threads_) thread.join();
  }

 private:
  void until_stopped(std::function<void()> const& call) {
    while (!stopped_) {
      try {
        call();
      } catch (RunnerStopped const&) {
        return;
      }
      std::this_thread::sleep_for(pace);
    }
  }

  std::string next_key(std::string const& caller) {
    return std::to_string(::getpid()) + "." + caller + "." + std::to_string(++keys_);
  }

  void submit_and_wait(int submitter) {
    auto const key = next_key(std::to_string(submitter));
    auto const handle = runner_.submit("chain", Context{{"key", key}}, {.idempotency_key = key});
    accepted("runner", handle.id(), key);
    auto const result = handle.wait();
    Json const line{{"execution", handle.id().to_string()},
                    {"status", to_string(result.status())},
                    {"context", Json::parse(result.context().to_json())}};
    answered_.append(line.dump());
  }

  void submit_from_outside() {
    auto const key = next_key("client");
    while (!stopped_) {
      try {
        auto const id = client_.submit("chain", Context{{"key", key}}, {.idempotency_key = key});
        return accepted("client", id, key);
      } catch (Error const& error) {
        errors_.append(told("client.submit", error));
      }
    }
  }

  void accepted(char const* by, ExecutionId id, std::string const& key) {
    accepted_.append(Json{{"by", by}, {"execution", id.to_string()}, {"key", key}}.dump());
  }

  void read() {
    try {
      auto const found = client_.list({.limit = 3});
      for (auto const& execution : found) (void)runner_.status(execution.id);
    } catch (RunnerStopped const&) {
      throw;
    } catch (Error const& error) {
      errors_.append(told("read", error));
    }
  }

  DefaultRunner& runner_;
  Client client_;
  AppendFile accepted_, answered_, errors_;
  std::atomic<bool> stopped_{false};
  std::atomic<int> keys_{0};
  std::vector<std::thread> threads_;
};

/// What the terminal would send; blocked before any thread is made.
void wait_for_term() {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  int received = 0;
  ::sigwait(&term, &received);
}

void block_term() {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, nullptr);
}

}  // namespace

int work(std::filesystem::path const& disk, std::filesystem::path const& witness) {
  block_term();
  auto runner = make_runner(disk);
  Callers callers{runner, disk, witness};
  wait_for_term();
  auto const begun = std::chrono::steady_clock::now();
  runner.shutdown(1s);
  auto const took = std::chrono::steady_clock::now() - begun;
  std::printf("shutdown %lld\n", static_cast<long long>(took / 1ms));
  std::fflush(stdout);
  callers.stop();
  return 0;
}

int open(std::filesystem::path const& disk) {
  try {
    (void)make_runner(disk);
    std::printf("%s\n", Json{{"call", "opened"}}.dump().c_str());
  } catch (Error const& error) {
    std::printf("%s\n", told("open", error).c_str());
  }
  return 0;
}

int finish(std::filesystem::path const& disk) {
  auto runner = make_runner(disk);
  for (;;) {
    auto left = runner.list({.status = WorkflowStatus::running});
    if (left.empty()) left = runner.list({.status = WorkflowStatus::pending});
    if (left.empty()) return 0;
    for (auto const& execution : left) (void)runner.handle(execution.id).wait();
  }
}

}  // namespace cloacina::disk_full
