// Throughput of a file that holds many finished executions: partial indexes keep what is over out
// of the way of what goes on.
#include <stdexcept>
#include <vector>

#include "comparison.hpp"
#include "harness/stored.hpp"
#include "workflows.hpp"

namespace bench {
namespace {

constexpr std::size_t in_flight = 1'000;

struct Past {
  std::uint64_t executions;
  Place place;
  std::vector<LoadSample> samples{};
};

/// A runner of its own for each sample, so that nothing is warm that a new process would not find.
LoadSample sample(Place const& place, std::chrono::nanoseconds duration) {
  cloacina::DefaultRunner runner{place.url};
  Load load{runner, place, ten_tasks.name, ten_tasks.tasks};
  (void)load.keep_in_flight(in_flight, duration / 4);
  return load.keep_in_flight(in_flight, duration);
}

void make_past(Past const& past) {
  if (past.executions == 0) return;
  cloacina::DefaultRunner runner{past.place.url};
  Load{runner, past.place, ten_tasks.name, ten_tasks.tasks}.fill(past.executions);
  if (completed_executions(past.place) != past.executions)
    throw std::runtime_error{"the database holds another number of executions than were run"};
}

}  // namespace

void history(Bench& bench) {
  std::vector<Past> pasts{{0, {}}, {100'000, bench.scratch.new_place("history")}};
  if (!bench.options.quick) pasts.push_back({1'000'000, bench.scratch.new_place("history")});
  for (auto const& past : pasts) make_past(past);

  auto const raw = RawLoop::make(bench.scratch.new_place("raw"));
  Samples raw_rows;
  for (int i = 0; i < bench.options.samples(); ++i) {
    pasts.front().place = bench.scratch.new_place("history");
    for (auto& past : pasts)
      past.samples.push_back(sample(past.place, bench.options.sample_time()));
    Scratch::remove(pasts.front().place);
    raw_rows.add(raw->rows_per_second(pasts.front().samples.back().mean_group(),
                                      bench.options.sample_time()));
  }

  Comparison const empty{pasts.front().samples, raw_rows};
  for (auto const& past : pasts) {
    Comparison const comparison{past.samples, raw_rows};
    Figure figure{
        .name = "history",
        .figure = "after " + readable(static_cast<double>(past.executions)) + " executions",
        .unit = "rows/s",
        .samples = comparison.rows_per_second()};
    figure.raw_limit = raw_rows.median();
    figure.ratio = comparison.ratio();
    if (past.executions > 0) {
      auto const share = median_ratio(comparison.rows_per_second(), empty.rows_per_second());
      figure.bar = "≥ 90 % of the empty one (" + readable(share * 100) + " %)";
      figure.met = share >= 0.9;
    }
    bench.report.add(std::move(figure));
  }
}

}  // namespace bench
