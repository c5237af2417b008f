#include "comparison.hpp"

namespace bench {

Samples Comparison::rows_per_second() const {
  return each([](LoadSample const& load) { return load.rows_per_second(); });
}

double Comparison::mean_group() const {
  return each([](LoadSample const& load) { return static_cast<double>(load.mean_group()); })
      .median();
}

Samples Comparison::each(std::function<double(LoadSample const&)> const& figure) const {
  Samples result;
  for (auto const& load : loads) result.add(figure(load));
  return result;
}

Comparison compare_with_raw(Bench& bench, RawLoop& raw,
                            std::function<LoadSample(std::chrono::nanoseconds)> const& sample) {
  auto const duration = bench.options.sample_time();
  (void)sample(duration / 2);
  Comparison comparison;
  for (int i = 0; i < bench.options.samples(); ++i) {
    comparison.loads.push_back(sample(duration));
    auto const group = comparison.loads.back().mean_group();
    comparison.raw_rows_per_second.add(raw.rows_per_second(group, duration));
  }
  return comparison;
}

Figure rows_figure(std::string name, std::string what, Comparison const& comparison, double least) {
  Figure figure{
      .name = std::move(name),
      .figure = std::move(what) + " (groups of " + readable(comparison.mean_group()) + ")",
      .unit = "rows/s",
      .samples = comparison.rows_per_second()};
  figure.raw_limit = comparison.raw_rows_per_second.median();
  figure.ratio = comparison.ratio();
  figure.bar = "≥ " + readable(least * 100) + " % of raw";
  figure.met = *figure.ratio >= least;
  return figure;
}

}  // namespace bench
