#include "harness/samples.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace bench {

double Samples::quantile(double share) const {
  if (values_.empty()) throw std::logic_error{"nothing was measured"};
  auto sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  double const place = share * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(std::floor(place));
  auto const above = std::min(below + 1, sorted.size() - 1);
  double const weight = place - static_cast<double>(below);
  return sorted[below] * (1.0 - weight) + sorted[above] * weight;
}

double median_ratio(Samples const& values, Samples const& limits) {
  Samples ratios;
  for (std::size_t i = 0; i < values.size(); ++i)
    ratios.add(values.values().at(i) / limits.values().at(i));
  return ratios.median();
}

}  // namespace bench
