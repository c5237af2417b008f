// A runner without work.
#include "benchmarks.hpp"
#include "harness/stored.hpp"
#include "harness/usage.hpp"
#include "workflows.hpp"

#include <cloacina/runner.hpp>

namespace bench {

void idle(Bench& bench) {
  using namespace std::chrono_literals;
  auto const place = bench.scratch.new_place("idle");
  auto const duration = bench.options.quick ? 10s : 60s;
  cloacina::DefaultRunnerConfig const config;
  cloacina::DefaultRunner runner{place.url, config};
  (void)runner.execute(one_task.name, {});  // everything that starts once has started

  // One stretch in five parts, or three: what happens seldom shall fall into it.
  Samples share;
  auto const commits = stored_commits(place);
  for (int i = 0; i < bench.options.samples(); ++i)
    share.add(idle_cpu(duration / bench.options.samples()));
  bench.report.add({.name = "idle",
                    .figure = "CPU without work",
                    .unit = "% of a core",
                    .samples = share,
                    .bar = "≤ 0.2 %",
                    .met = share.median() <= 0.2});

  // A lease is renewed three times in its life, and nothing else is written.
  Samples written;
  written.add(static_cast<double>(stored_commits(place) - commits));
  auto const most = static_cast<double>(duration / (config.lease / 3)) + 1;
  bench.report.add({.name = "idle",
                    .figure = "commits in " + std::to_string(duration.count()) + " s",
                    .unit = "commits",
                    .samples = written,
                    .bar = "≤ " + readable(most) + ", the renewals of the lease",
                    .met = written.max() <= most});
}

}  // namespace bench
