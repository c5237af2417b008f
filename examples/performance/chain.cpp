// Ten thousand tasks (one thousand by --quick), each after the one before: nothing can be grouped,
// each task waits for a commit.
#include <chrono>
#include <stdexcept>

#include "benchmarks.hpp"
#include "harness/raw.hpp"

#include <cloacina/runner.hpp>
#include <cloacina/workflow_builder.hpp>

namespace bench {
namespace {

cloacina::Workflow build_chain(unsigned length) {
  cloacina::WorkflowBuilder builder{"chain"};
  builder.task("task_0", [](cloacina::TaskContext<>&) {});
  for (unsigned i = 1; i < length; ++i)
    builder.task("task_" + std::to_string(i), {"task_" + std::to_string(i - 1)},
                 [](cloacina::TaskContext<>&) {});
  return builder.build();
}

}  // namespace

void chain(Bench& bench) {
  constexpr double allowance_us = 100;
  cloacina::Registry registry;
  unsigned const length = bench.options.quick ? 1'000 : 10'000;
  registry.add(build_chain(length));
  auto const raw = RawLoop::make(bench.scratch.new_place("raw"));
  auto runner = cloacina::DefaultRunner::builder()
                    .database_url(bench.scratch.new_place("chain").url)
                    .registry(std::move(registry))
                    .build();
  (void)raw->commit_times(bench.options.sample_time() / 2);

  Samples per_task, raw_commit, beyond_one_commit;
  for (int i = 0; i < bench.options.samples(); ++i) {
    auto const start = std::chrono::steady_clock::now();
    (void)runner.execute("chain", {}).value();
    std::chrono::duration<double, std::micro> const took = std::chrono::steady_clock::now() - start;
    per_task.add(took.count() / length);
    // The mean, as that of the chain is one.
    raw_commit.add(1e6 / raw->rows_per_second(1, bench.options.sample_time()));
    beyond_one_commit.add(per_task.values().back() - raw_commit.values().back());
  }
  bench.report.add({.name = "chain",
                    .figure = "a task of " + readable(length) + " in a row",
                    .unit = "µs",
                    .samples = per_task,
                    .raw_limit = raw_commit.median(),
                    .ratio = median_ratio(per_task, raw_commit),
                    .bar = "≤ 1 raw commit + 100 µs",
                    .met = beyond_one_commit.median() <= allowance_us});
  bench.report.add({.name = "chain",
                    .figure = "beyond one raw commit",
                    .unit = "µs",
                    .samples = beyond_one_commit});
}

}  // namespace bench
