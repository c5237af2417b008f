// Ten thousand tasks side by side, and one after all of them.
//
//   start → side_0 … side_9999 → join
#include <stdexcept>

#include "comparison.hpp"

#include <cloacina/workflow_builder.hpp>

namespace bench {
namespace {

constexpr unsigned width = 10'000;
constexpr unsigned wide = 40'000;

cloacina::Workflow build_fan(std::string name, unsigned sides) {
  auto const nothing = [](cloacina::TaskContext<>&) {};
  cloacina::WorkflowBuilder builder{std::move(name)};
  builder.task("start", nothing);
  std::vector<std::string> all;
  for (unsigned i = 0; i < sides; ++i) {
    all.push_back("side_" + std::to_string(i));
    builder.task(all.back(), {"start"}, nothing);
  }
  builder.task("join", std::move(all), nothing);
  return builder.build();
}

double task_time_us(LoadSample const& load) {
  return load.seconds / static_cast<double>(load.tasks) * 1e6;
}

}  // namespace

void fan_out(Bench& bench) {
  cloacina::Registry registry;
  registry.add(build_fan("fan", width));
  registry.add(build_fan("wide_fan", wide));
  auto const place = bench.scratch.new_place("fan_out");
  auto const raw = RawLoop::make(bench.scratch.new_place("raw"));
  auto runner = cloacina::DefaultRunner::builder()
                    .database_url(place.url)
                    .registry(std::move(registry))
                    .build();
  Load fan{runner, place, "fan", width + 2};
  Load wide_fan{runner, place, "wide_fan", wide + 2};

  auto const comparison = compare_with_raw(
      bench, *raw, [&](std::chrono::nanoseconds duration) { return fan.all_at_once(1, duration); });
  bench.report.add(rows_figure("fan_out", "10 000 wide with a join", comparison, 0.30));

  // Linear: four times as wide costs no more a task.
  Samples growth;
  for (int i = 0; i < bench.options.samples(); ++i)
    growth.add(task_time_us(wide_fan.all_at_once(1, bench.options.sample_time())) /
               task_time_us(fan.all_at_once(1, bench.options.sample_time())));
  bench.report.add({.name = "fan_out",
                    .figure = "cost of a task, 40 000 wide / 10 000 wide",
                    .unit = "times",
                    .samples = growth,
                    .bar = "≤ 1.5 (linear)",
                    .met = growth.median() <= 1.5});
}

}  // namespace bench
