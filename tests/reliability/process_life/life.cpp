#include "life.hpp"

#include <atomic>
#include <stdexcept>

#include "support/append_file.hpp"

namespace cloacina::life {
namespace {

using namespace std::chrono_literals;

std::atomic<int> begun{0};

}  // namespace

Registry workflows() {
  auto const step = [](TaskContext<>& context) {
    ++begun;
    begun.notify_all();
    context.sleep_for(2ms);
  };
  Registry registry;
  registry.add(WorkflowBuilder{"steps"}
                   .task("a", {}, step)
                   .task("b", {"a"}, step)
                   .task("c", {"b"}, step)
                   .build());
  return registry;
}

void wait_until_begun(int bodies) {
  for (int seen = begun; seen < bodies; seen = begun) begun.wait(seen);
}

DefaultRunner make_runner(Setting const& setting, Registry registry,
                          std::shared_ptr<Observer> observer) {
  DefaultRunnerConfig config;
  config.lease = 1s;
  config.scheduler_poll_interval = 100ms;
  config.max_concurrent_tasks = 4;
  auto builder = DefaultRunner::builder();
  builder.database_url(setting.url).registry(std::move(registry)).config(config);
  if (observer) builder.observer(std::move(observer));
  return builder.build();
}

std::vector<ExecutionHandle> submit(DefaultRunner& runner, Setting const& setting, int executions) {
  test::AppendFile accepted{setting.directory / "accepted"};
  std::vector<ExecutionHandle> handles;
  for (int i = 0; i < executions; ++i) {
    handles.push_back(runner.submit("steps", Context{}));
    accepted.append(handles.back().id().to_string());
  }
  return handles;
}

void expect_completed(std::vector<ExecutionHandle> const& handles) {
  for (auto const& handle : handles) {
    auto const result = handle.wait_for(30s);
    expect(result && result->status() == WorkflowStatus::completed,
           "an execution did not complete");
  }
}

void expect(bool holds, std::string const& otherwise) {
  if (!holds) throw std::runtime_error{otherwise};
}

int finish(Setting& setting) {
  auto runner = make_runner(setting);
  for (;;) {
    std::size_t active = 0;
    for (auto const status :
         {WorkflowStatus::pending, WorkflowStatus::running, WorkflowStatus::paused})
      for (auto const& execution : runner.list({.workflow = "steps", .status = status})) {
        ++active;
        expect_completed({runner.handle(execution.id)});
      }
    if (active == 0) return 0;
  }
}

}  // namespace cloacina::life
