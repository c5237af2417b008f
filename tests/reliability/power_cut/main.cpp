// One life of a process between two power cuts: takes over what the last one left, submits more,
// and notes what it was told to be stored.
//   power_cut DIRECTORY SEED CUT_AT SYNCHRONOUS     CUT_AT counts writes and syncs; 0: to the end
// What is noted is in files of the real disk: a power cut here spares them.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <cloacina/cloacina.hpp>

#include "support/append_file.hpp"
#include "support/crash_vfs.hpp"

namespace {

using namespace cloacina;
using namespace std::chrono_literals;
using test::AppendFile;

/// This life's name, so that no value and no key is left twice.
std::string life;

Workflow chain(AppendFile& seen) {
  WorkflowBuilder builder{"chain"};
  builder.task("first", {}, [](TaskContext<>& context) {
    context.put("value", life + " " + context.execution_id().to_string());
  });
  builder.task("second", {.after = {"first"}}, [&seen](TaskContext<>& context) {
    // A dependent is told a result only once it is stored: it must never be another one again.
    Json const line{{"execution", context.execution_id().to_string()},
                    {"value", context.get("value")}};
    seen.append(line.dump());
    context.put("length", context.get("value").get<std::string>().size());
  });
  TaskSettings with_retry{.after = {"second"}, .retry = {.initial_delay = 1ms}};
  builder.task("third", std::move(with_retry), [](TaskContext<>& context) {
    if (context.attempt() == 1) throw TransientError{"planned"};
    context.put("text", std::string(2'000, 'x'));
  });
  return builder.build();
}

void submit_until_cut(DefaultRunner& runner, std::filesystem::path const& directory,
                      unsigned submitter, std::atomic<bool> const& enough) {
  AppendFile accepted{directory / "accepted"};
  AppendFile answered{directory / "answered"};
  for (unsigned n = 0; !enough; ++n) {
    auto const key = life + "." + std::to_string(submitter) + "." + std::to_string(n);
    auto const handle = runner.submit("chain", Context{{"n", n}}, {.idempotency_key = key});
    accepted.append(Json{{"execution", handle.id().to_string()}, {"key", key}}.dump());
    auto const result = handle.wait();
    Json const line{{"execution", handle.id().to_string()},
                    {"status", to_string(result.status())},
                    {"context", Json::parse(result.context().to_json())}};
    answered.append(line.dump());
  }
}

/// Until everything that earlier lives left has ended too.
void wait_for_the_end(DefaultRunner& runner) {
  auto const any = [&](WorkflowStatus status) { return !runner.list({.status = status}).empty(); };
  while (any(WorkflowStatus::pending) || any(WorkflowStatus::running))
    std::this_thread::sleep_for(20ms);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 5) throw std::runtime_error{"usage: power_cut DIRECTORY SEED CUT_AT SYNCHRONOUS"};
  std::filesystem::path const directory{arguments[1]};
  life = arguments[2];
  auto const cut_at = std::strtoull(arguments[3], nullptr, 10);
  test::CrashVfs disk{test::CrashVfs::Crash::power_cut, cut_at,
                      std::strtoull(arguments[2], nullptr, 10)};

  AppendFile seen{directory / "seen"};
  Registry registry;
  registry.add(chain(seen));
  DefaultRunnerConfig config;
  config.lease = 500ms;
  config.scheduler_poll_interval = 50ms;
  auto runner = DefaultRunner::builder()
                    .database_url("sqlite://" + (directory / "power.db").string() +
                                  "?_synchronous=" + arguments[4])
                    .registry(std::move(registry))
                    .config(config)
                    .build();
  std::atomic<bool> enough{cut_at == 0};
  std::vector<std::thread> submitters;
  for (unsigned i = 0; i < 3; ++i)
    submitters.emplace_back([&, i] { submit_until_cut(runner, directory, i, enough); });
  for (auto& submitter : submitters) submitter.join();
  wait_for_the_end(runner);
  runner.shutdown();
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "power_cut: %s\n", error.what());
  return 4;
}
