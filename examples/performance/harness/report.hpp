#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/samples.hpp"

namespace bench {

/// One line of the table.
struct Figure {
  std::string name;    ///< of the benchmark
  std::string figure;  ///< what was measured, for people
  std::string unit;
  Samples samples;
  std::optional<double> raw_limit{};  ///< what the bare loop reached, in the same unit
  std::optional<double> ratio{};      ///< to the raw limit
  std::string bar{};                  ///< what is wanted; empty: measured for orientation
  std::optional<bool> met{};
};

/// Figures as they come: each is printed at once, all of them become JSON at the end.
class Report {
 public:
  explicit Report(std::string backend) : backend_(std::move(backend)) {}
  /// Prints the line; the head of the table before the first one.
  void add(Figure figure);
  [[nodiscard]] std::size_t missed() const noexcept;
  /// An array of objects: name, backend, figure, unit, median, min, max, raw_limit, ratio, bar,
  /// met; null for what a figure has not got.
  [[nodiscard]] std::string to_json() const;

 private:
  std::string backend_;
  std::vector<Figure> figures_;
};

/// Three significant digits, thousands apart: "0.148", "12.5", "156 000" as it was measured.
[[nodiscard]] std::string readable(double value);

}  // namespace bench
