// A hundred thousand executions that wait for their time.
#include <malloc.h>

#include "benchmarks.hpp"
#include "harness/usage.hpp"
#include "workflows.hpp"

#include <cloacina/runner.hpp>

namespace bench {
namespace {

using namespace std::chrono_literals;

void submit_waiting(cloacina::DefaultRunner& runner, std::size_t executions) {
  constexpr std::size_t at_once = 1'000;
  for (std::size_t submitted = 0; submitted < executions; submitted += at_once)
    (void)runner.submit_many(one_task.name, std::vector<cloacina::Context>(at_once),
                             {.start_after = 24h});
}

}  // namespace

void memory(Bench& bench) {
  constexpr std::size_t executions = 100'000;
  constexpr std::size_t beforehand =
      20'000;  // fills the page cache of SQLite, which has a limit of its own
  constexpr double most_bytes = 2'048;
  Samples bytes;
  for (int i = 0; i < (bench.options.quick ? 1 : bench.options.samples()); ++i) {
    cloacina::DefaultRunner runner{bench.scratch.new_place("memory").url,
                                   {.max_active_executions = 2 * (executions + beforehand)}};
    submit_waiting(runner, beforehand);
    malloc_trim(0);  // what an earlier benchmark left behind
    auto const before = resident_bytes();
    submit_waiting(runner, executions);
    bytes.add((resident_bytes() - before) / executions);
  }
  bench.report.add({.name = "memory",
                    .figure = "an execution that waits for its time",
                    .unit = "bytes",
                    .samples = bytes,
                    .bar = "≤ 2 048 bytes",
                    .met = bytes.median() <= most_bytes});
}

}  // namespace bench
