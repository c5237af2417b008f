#pragma once

#include <cstddef>
#include <vector>

namespace bench {

/// The values that one figure was measured to have, in the order of measuring. At least one before
/// anything is asked.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] std::vector<double> const& values() const noexcept { return values_; }

  [[nodiscard]] double median() const { return quantile(0.5); }
  [[nodiscard]] double min() const { return quantile(0.0); }
  [[nodiscard]] double max() const { return quantile(1.0); }
  /// `share` in [0, 1]; between two values their weighted mean.
  [[nodiscard]] double quantile(double share) const;

 private:
  std::vector<double> values_;
};

/// The median of the ratios of values that were measured one after the other, and so under the same
/// noise. Both have the same size.
[[nodiscard]] double median_ratio(Samples const& values, Samples const& limits);

}  // namespace bench
