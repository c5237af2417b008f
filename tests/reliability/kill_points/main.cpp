// A small run that dies at a chosen write, truncation, sync or removal of its database's files.
//   kill_points DIRECTORY AT     0: to the end; prints how many such operations there were
// A second start finishes what the first began: the submissions have keys.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <cloacina/cloacina.hpp>

#include "support/append_file.hpp"
#include "support/crash_vfs.hpp"

namespace {

using namespace cloacina;
using namespace std::chrono_literals;
using test::AppendFile;

constexpr int executions = 18;

/// Notes that a body began, and what it was given; returns the value that no other run leaves.
std::string begin(TaskContext<>& context, AppendFile& witness) {
  static auto const process = std::to_string(::getpid());
  auto const value = process + "." + std::to_string(context.attempt());
  Json const line{{"execution", context.execution_id().to_string()},
                  {"task", context.task_id()},
                  {"attempt", context.attempt()},
                  {"value", value},
                  {"given", Json::parse(context.context().to_json())}};
  witness.append(line.dump());
  return value;
}

/// A retry, a branch that is skipped, a join, and a leaf that may run once only.
Workflow small(AppendFile& witness) {
  auto const plain = [&witness](TaskContext<>& context) {
    context.put(context.task_id(), begin(context, witness));
  };
  WorkflowBuilder builder{"small"};
  builder.task("first", plain);
  builder.task("again", {.after = {"first"}, .retry = {.initial_delay = 1ms}},
               [&witness](TaskContext<>& context) {
                 auto const value = begin(context, witness);
                 if (context.attempt() == 1) throw TransientError{"planned"};
                 context.put("again", value);
               });
  builder.task("never", {.after = {"first"}, .trigger_rule = when::task_failed("first")}, plain);
  builder.task("join", {.after = {"again", "never"}}, plain);
  builder.task("once", {.after = {"first"}, .execution = ExecutionMode::at_most_once}, plain);
  return builder.build();
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3) throw std::runtime_error{"usage: kill_points DIRECTORY AT"};
  std::filesystem::path const directory{arguments[1]};
  test::CrashVfs const disk{test::CrashVfs::Crash::kill, std::strtoull(arguments[2], nullptr, 10)};
  AppendFile witness{directory / "witness"};
  AppendFile accepted{directory / "accepted"};
  {
    Registry registry;
    registry.add(small(witness));
    DefaultRunnerConfig config;
    config.lease = 200ms;
    config.scheduler_poll_interval = 50ms;
    auto runner = DefaultRunner::builder()
                      .database_url("sqlite://" + (directory / "points.db").string())
                      .registry(std::move(registry))
                      .config(config)
                      .build();
    std::vector<ExecutionHandle> handles;
    for (int n = 0; n < executions; ++n) {
      auto const key = std::to_string(n);
      handles.push_back(runner.submit("small", Context{{"n", n}}, {.idempotency_key = key}));
      accepted.append(Json{{"execution", handles.back().id().to_string()}, {"key", key}}.dump());
    }
    for (auto const& handle : handles) (void)handle.wait();
    runner.shutdown();
  }
  std::printf("%llu\n", static_cast<unsigned long long>(disk.operations()));
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "kill_points: %s\n", error.what());
  return 4;
}
