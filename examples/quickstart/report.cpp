#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

#include "workflow.hpp"

using cloacina::ExecutionResult;
using cloacina::TaskStatus;
using cloacina::WorkflowStatus;

namespace {

struct Line {
  int flights = 0, cancelled = 0, late = 0, compensated = 0, dollars = 0, rebooked = 0, failed = 0;

  void add(Line const& other) {
    flights += other.flights, cancelled += other.cancelled, late += other.late,
        compensated += other.compensated;
    dollars += other.dollars, rebooked += other.rebooked, failed += other.failed;
  }
  void print(std::string const& name) const {
    std::printf("%-28s %7d %9d %5d %11d %9d %8d %6d\n", name.c_str(), flights, cancelled, late,
                compensated, dollars, rebooked, failed);
  }
};

bool completed(ExecutionResult const& claim, char const* task) {
  return claim.task(task).status == TaskStatus::completed;
}

Row row_of(ExecutionResult const& claim) { return claim.context().get_as<Row>(keys::row.name); }

std::string airline_of(ExecutionResult const& claim) {
  auto const carrier = row_of(claim).at("carrier");
  return Archive::get().airline(carrier).value_or(carrier);
}

Line line_of(ExecutionResult const& claim) {
  if (claim.status() != WorkflowStatus::completed) return {.flights = 1, .failed = 1};
  return {.flights = 1,
          .cancelled = claim.get(keys::cancelled),
          .late = claim.get(keys::minutes_late) >= late_from_minutes,
          .compensated = completed(claim, "compensate"),
          .dollars = completed(claim, "compensate") ? claim.get(keys::dollars) : 0,
          .rebooked = claim.context().contains(keys::new_flight.name)};
}

unsigned retries_of(ExecutionResult const& claim) {
  unsigned retries = 0;
  for (auto const& task : claim.tasks()) retries += std::max(task.attempts, 1u) - 1;
  return retries;
}

void print_failure(ExecutionResult const& claim) {
  auto const row = row_of(claim);
  for (auto const& task : claim.tasks()) {
    if (task.status != TaskStatus::failed) continue;
    std::printf("  %s %s, %s to %s: task '%s' failed after %u attempt%s: %s\n",
                row.at("carrier").c_str(), row.at("flight").c_str(), row.at("origin").c_str(),
                row.at("dest").c_str(), task.id.c_str(), task.attempts,
                task.attempts == 1 ? "" : "s", task.error.c_str());
  }
}

}  // namespace

void print_report(std::vector<ExecutionResult> const& claims) {
  std::map<std::string, Line> lines;
  Line total;
  unsigned retries = 0, by_weather = 0;
  std::vector<ExecutionResult> failures;
  for (auto const& claim : claims) {
    auto const line = line_of(claim);
    lines[airline_of(claim)].add(line);
    total.add(line);
    retries += retries_of(claim);
    if (line.failed) failures.push_back(claim);
    if (line.cancelled && claim.get(keys::cause) == "weather") ++by_weather;
  }
  std::printf("\n%-28s %7s %9s %5s %11s %9s %8s %6s\n", "airline", "flights", "cancelled", "late",
              "compensated", "dollars", "rebooked", "failed");
  for (auto const& [name, line] : lines) line.print(name);
  total.print("total");
  std::printf(
      "\nlate: 3 hours or more; rebooked: when the carrier still flew there that week; failed: see "
      "below\n");
  std::printf("cancelled in bad weather: %u of %d\n", by_weather, total.cancelled);
  std::printf("retries: %u, of weather lookups that answered 503\n", retries);
  std::printf("failures: %zu, of rows that lack what they need: no retry can help those\n",
              failures.size());
  for (std::size_t i = 0; i < failures.size() && i < 3; ++i) print_failure(failures[i]);
  if (failures.size() > 3) std::printf("  … and %zu more\n", failures.size() - 3);
}

void write_picture(std::vector<ExecutionResult> const& claims, std::filesystem::path const& path) {
  auto const less_to_tell = [](ExecutionResult const& a, ExecutionResult const& b) {
    return std::pair{completed(a, "rebook"), retries_of(a)} <
           std::pair{completed(b, "rebook"), retries_of(b)};
  };
  auto const chosen = std::max_element(claims.begin(), claims.end(), less_to_tell);
  if (chosen == claims.end() || chosen->status() != WorkflowStatus::completed) return;
  auto const flight = chosen->get(keys::flight);
  std::ofstream{path} << "# " << flight.number << ", " << flight.origin << " to "
                      << flight.destination << ", " << flight.scheduled << "\n\n"
                      << chosen->get(keys::settlement) << "\n\n```mermaid\n"
                      << chosen->to_mermaid() << "```\n";
  std::printf("\nOne claim as a picture: %s\n", path.string().c_str());
}
