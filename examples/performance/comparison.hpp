#pragma once

#include <functional>
#include <string>
#include <vector>

#include "benchmarks.hpp"
#include "harness/load.hpp"
#include "harness/raw.hpp"

namespace bench {

/// Samples of a load, each followed by one of the raw loop in groups of the same mean size.
struct Comparison {
  std::vector<LoadSample> loads;
  Samples raw_rows_per_second;

  [[nodiscard]] Samples rows_per_second() const;
  /// The median of the ratios of neighbours.
  [[nodiscard]] double ratio() const {
    return median_ratio(rows_per_second(), raw_rows_per_second);
  }
  /// Rows in one transaction, the median of all samples.
  [[nodiscard]] double mean_group() const;
  [[nodiscard]] Samples each(std::function<double(LoadSample const&)> const& figure) const;
};

/// As many samples as the options say, after one of half the time that is thrown away.
[[nodiscard]] Comparison compare_with_raw(
    Bench& bench, RawLoop& raw, std::function<LoadSample(std::chrono::nanoseconds)> const& sample);

/// "rows/s, 1 000 in flight" against the raw limit, with `least` of it as the bar.
[[nodiscard]] Figure rows_figure(std::string name, std::string what, Comparison const& comparison,
                                 double least);

}  // namespace bench
