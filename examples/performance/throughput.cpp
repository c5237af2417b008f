// 1 000, 100 and 10 executions in flight; ten tasks each, whose bodies are empty.
//
//   first → middle_1 … middle_8 → last
#include "comparison.hpp"
#include "workflows.hpp"

namespace bench {

void throughput(Bench& bench) {
  constexpr double most_cpu_us = 8.0;
  struct Case {
    std::size_t in_flight;
    double least_ratio;
  };
  for (auto const& [in_flight, least_ratio] : {Case{1'000, 0.6}, Case{100, 0.5}, Case{10, 0.5}}) {
    auto const place = bench.scratch.new_place("throughput");
    auto const raw = RawLoop::make(bench.scratch.new_place("raw"));
    cloacina::DefaultRunner runner{place.url};
    Load load{runner, place, ten_tasks.name, ten_tasks.tasks};
    auto const comparison =
        compare_with_raw(bench, *raw, [&, count = in_flight](std::chrono::nanoseconds duration) {
          return load.keep_in_flight(count, duration);
        });
    auto const what = readable(static_cast<double>(in_flight)) + " in flight";
    bench.report.add(rows_figure("throughput", what, comparison, least_ratio));
    bench.report.add(
        {.name = "throughput",
         .figure = what,
         .unit = "tasks/s",
         .samples = comparison.each([](auto const& sample) { return sample.tasks_per_second(); })});
    Figure cpu{
        .name = "throughput",
        .figure = what + ", CPU a task in all",
        .unit = "µs",
        .samples = comparison.each([](auto const& sample) { return sample.cpu_per_task_us(); })};
    cpu.bar = "≤ 8 µs";
    cpu.met = cpu.samples.median() <= most_cpu_us;
    bench.report.add(std::move(cpu));
  }
}

}  // namespace bench
