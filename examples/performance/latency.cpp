// One workflow of one task at a time, on a machine that does nothing else: two commits are the
// least that a durable run can cost, one before the body and one after it.
#include <algorithm>

#include "benchmarks.hpp"
#include "harness/raw.hpp"
#include "workflows.hpp"

#include <cloacina/runner.hpp>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

Samples execution_times(cloacina::DefaultRunner& runner, std::chrono::nanoseconds duration) {
  Samples times;
  auto const start = Clock::now();
  for (auto before = start; before - start < duration;) {
    (void)runner.execute(one_task.name, {}).value();
    auto const after = Clock::now();
    times.add(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  return times;
}

}  // namespace

void latency(Bench& bench) {
  // A server is two journeys away.
  double const allowance_us = bench.options.server.empty() ? 100 : 300;
  auto const raw = RawLoop::make(bench.scratch.new_place("raw"));
  cloacina::DefaultRunner runner{bench.scratch.new_place("latency").url};
  auto const duration = bench.options.sample_time();
  (void)execution_times(runner, duration / 2);

  Samples p50, raw_p50, spread, raw_spread, beyond_two_commits;
  for (int i = 0; i < bench.options.samples(); ++i) {
    auto const times = execution_times(runner, duration);
    auto const raw_times = raw->commit_times(duration);
    p50.add(times.median());
    raw_p50.add(raw_times.median());
    beyond_two_commits.add(times.median() - 2 * raw_times.median());
    spread.add(times.quantile(0.99) / times.median());
    raw_spread.add(raw_times.quantile(0.99) / raw_times.median());
  }
  bench.report.add({.name = "latency",
                    .figure = "p50 of one execution",
                    .unit = "µs",
                    .samples = p50,
                    .raw_limit = raw_p50.median(),
                    .ratio = median_ratio(p50, raw_p50),
                    .bar = "≤ 2 raw commits + " + readable(allowance_us) + " µs",
                    .met = beyond_two_commits.median() <= allowance_us});
  bench.report.add({.name = "latency",
                    .figure = "p50 beyond two raw commits",
                    .unit = "µs",
                    .samples = beyond_two_commits});
  auto const most = std::max(5.0, raw_spread.median());
  bench.report.add({.name = "latency",
                    .figure = "p99 / p50",
                    .unit = "times",
                    .samples = spread,
                    .raw_limit = raw_spread.median(),
                    .ratio = median_ratio(spread, raw_spread),
                    .bar = "≤ " + readable(most),
                    .met = spread.median() <= most});
}

}  // namespace bench
