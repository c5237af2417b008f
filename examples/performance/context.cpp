// Contexts of 1 KiB, 100 KiB and 1 MiB that are carried along a chain of ten tasks, each of which
// changes one small key: what is written grows with what changed, not with what is carried.
#include <chrono>
#include <stdexcept>

#include "benchmarks.hpp"
#include "harness/stored.hpp"
#include "harness/usage.hpp"

#include <cloacina/runner.hpp>
#include <cloacina/workflow_builder.hpp>

namespace bench {
namespace {

constexpr unsigned length = 10;

cloacina::Workflow build_carriers() {
  cloacina::WorkflowBuilder builder{"carriers"};
  for (unsigned i = 0; i < length; ++i) {
    std::vector<std::string> after;
    if (i > 0) after.push_back("task_" + std::to_string(i - 1));
    builder.task("task_" + std::to_string(i), std::move(after),
                 [i](cloacina::TaskContext<>& context) { context.put("step", i); });
  }
  return builder.build();
}

cloacina::Context carried(std::size_t bytes) {
  cloacina::Context context;
  context.put("payload", std::string(bytes, 'x'));
  return context;
}

struct Cost {
  Samples milliseconds;
  Samples written_bytes;  ///< log and file, input and output included
  double delta_bytes = 0;
};

Cost measure(Bench& bench, std::size_t bytes) {
  auto const place = bench.scratch.new_place("context");
  cloacina::Registry registry;
  registry.add(build_carriers());
  auto runner = cloacina::DefaultRunner::builder()
                    .database_url(place.url)
                    .registry(std::move(registry))
                    .build();
  auto const input = carried(bytes);
  (void)runner.execute("carriers", input).value();
  auto const deltas = stored_delta_bytes(place);

  Cost cost;
  std::uint64_t runs = 0;
  for (int i = 0; i < bench.options.samples(); ++i) {
    auto const written = written_bytes();
    auto const start = std::chrono::steady_clock::now();
    std::chrono::duration<double, std::milli> took{};
    unsigned in_sample = 0;
    for (; took < bench.options.sample_time();
         took = std::chrono::steady_clock::now() - start, ++in_sample)
      (void)runner.execute("carriers", input).value();
    cost.milliseconds.add(took.count() / in_sample);
    cost.written_bytes.add((written_bytes() - written) / in_sample);
    runs += in_sample;
  }
  cost.delta_bytes =
      static_cast<double>(stored_delta_bytes(place) - deltas) / static_cast<double>(runs);
  return cost;
}

void report(Bench& bench, std::string const& size, double bytes, Cost const& cost,
            Cost const& small) {
  Samples deltas;
  deltas.add(cost.delta_bytes);
  bench.report.add({.name = "context",
                    .figure = size + ", stored changes of ten tasks",
                    .unit = "bytes",
                    .samples = deltas,
                    .bar = "as with 1 KiB",
                    .met = cost.delta_bytes <= small.delta_bytes});
  // Input and output are stored once each, and each goes to the log and from there to the file.
  auto const most = 4.2 * bytes + 2 * small.written_bytes.median();
  bench.report.add({.name = "context",
                    .figure = size + ", written in all",
                    .unit = "bytes a run",
                    .samples = cost.written_bytes,
                    .bar = "≤ " + readable(most) + ", input and output twice",
                    .met = cost.written_bytes.median() <= most});
  bench.report.add(
      {.name = "context", .figure = size + ", a run", .unit = "ms", .samples = cost.milliseconds});
}

}  // namespace

void context(Bench& bench) {
  auto const small = measure(bench, 1'024);
  report(bench, "1 KiB", 1'024, small, small);
  report(bench, "100 KiB", 102'400, measure(bench, 102'400), small);
  report(bench, "1 MiB", 1'048'576, measure(bench, 1'048'576), small);
}

}  // namespace bench
