#include "harness/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace bench {
namespace {

constexpr char line_format[] = "%-11s %-46s %11s %11s %11s %11s %6s  %-8s %s\n";

std::string with_thousands(long long value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<int>(digits.size()) - 3;
       at > 0 && digits[static_cast<std::size_t>(at) - 1] != '-'; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ' ');
  return digits;
}

void print_head() {
  std::printf(line_format, "benchmark", "figure", "median", "min", "max", "raw limit", "ratio",
              "bar", "");
}

std::string verdict(Figure const& figure) {
  if (!figure.met) return "";
  return (*figure.met ? "met:    " : "MISSED: ") + figure.bar;
}

}  // namespace

std::string readable(double value) {
  if (std::abs(value) >= 1000.0 || value == std::floor(value))
    return with_thousands(std::llround(value));
  int const decimals = std::abs(value) >= 100.0  ? 0
                       : std::abs(value) >= 10.0 ? 1
                       : std::abs(value) >= 1.0  ? 2
                                                 : 3;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

void Report::add(Figure figure) {
  if (figures_.empty()) print_head();
  auto const raw = figure.raw_limit ? readable(*figure.raw_limit) : "";
  auto const ratio = figure.ratio ? readable(*figure.ratio) : "";
  auto const what = figure.figure + ", " + figure.unit;
  std::printf(line_format, figure.name.c_str(), what.c_str(),
              readable(figure.samples.median()).c_str(), readable(figure.samples.min()).c_str(),
              readable(figure.samples.max()).c_str(), raw.c_str(), ratio.c_str(),
              verdict(figure).c_str(), "");
  std::fflush(stdout);
  figures_.push_back(std::move(figure));
}

std::size_t Report::missed() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      figures_.begin(), figures_.end(), [](Figure const& figure) { return figure.met == false; }));
}

std::string Report::to_json() const {
  auto const or_null = [](auto const& value) {
    return value ? nlohmann::ordered_json(*value) : nullptr;
  };
  auto all = nlohmann::ordered_json::array();
  for (auto const& figure : figures_) {
    all.push_back({{"name", figure.name},
                   {"backend", backend_},
                   {"figure", figure.figure},
                   {"unit", figure.unit},
                   {"median", figure.samples.median()},
                   {"min", figure.samples.min()},
                   {"max", figure.samples.max()},
                   {"raw_limit", or_null(figure.raw_limit)},
                   {"ratio", or_null(figure.ratio)},
                   {"bar", figure.bar.empty() ? nlohmann::ordered_json{}
                                              : nlohmann::ordered_json(figure.bar)},
                   {"met", or_null(figure.met)}});
  }
  return all.dump(2) + "\n";
}

}  // namespace bench
