// simple, pipeline, parallel: the trio by which such systems are compared.
//
//   process        extract → transform → load        setup → batch_1, batch_2, batch_3 → merge
#include "comparison.hpp"
#include "workflows.hpp"

namespace bench {
namespace {

constexpr std::size_t few = 150;
constexpr std::size_t many = 50'000;

struct Reference {
  Subject workflow;
  double workflows_per_second;  ///< of the established implementation on this class of machine,
                                ///< synchronous=NORMAL
};

cloacina::DefaultRunner runner_for(Bench const& bench, Place const& place) {
  return cloacina::DefaultRunner{place.url, {.max_concurrent_tasks = bench.options.concurrency}};
}

Comparison measure(Bench& bench, Reference const& reference, std::size_t at_once) {
  auto const place = bench.scratch.new_place(std::string{reference.workflow.name});
  auto const raw = RawLoop::make(bench.scratch.new_place("raw"));
  auto runner = runner_for(bench, place);
  Load load{runner, place, reference.workflow.name, reference.workflow.tasks};
  return compare_with_raw(bench, *raw, [&](std::chrono::nanoseconds duration) {
    return load.all_at_once(at_once, duration);
  });
}

void report_workflows(Bench& bench, Reference const& reference, std::size_t at_once,
                      Comparison const& comparison) {
  Figure figure{.name = std::string{reference.workflow.name},
                .figure = readable(static_cast<double>(at_once)) + " at once",
                .unit = "workflows/s",
                .samples = comparison.each(
                    [](LoadSample const& load) { return load.executions_per_second(); })};
  if (at_once == few) {
    // For orientation: what polling systems need a second for.
    constexpr double times = 200;
    figure.bar = "≥ " + readable(times * reference.workflows_per_second);
    figure.met = figure.samples.median() >= times * reference.workflows_per_second;
  }
  bench.report.add(std::move(figure));
}

void run(Bench& bench, Reference const& reference) {
  std::vector<std::size_t> const sizes =
      bench.options.iterations ? std::vector{*bench.options.iterations} : std::vector{few, many};
  for (auto const at_once : sizes) {
    auto const comparison = measure(bench, reference, at_once);
    report_workflows(bench, reference, at_once, comparison);
    if (at_once < many && !bench.options.iterations) continue;
    bench.report.add(rows_figure(std::string{reference.workflow.name},
                                 readable(static_cast<double>(at_once)) + " at once", comparison,
                                 0.30));
  }
}

}  // namespace

void simple(Bench& bench) { run(bench, {one_task, 130}); }
void pipeline(Bench& bench) { run(bench, {three_tasks, 46}); }
void parallel(Bench& bench) { run(bench, {five_tasks, 32}); }

}  // namespace bench
