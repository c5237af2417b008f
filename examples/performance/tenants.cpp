// Two hundred tenants without work in one program.
#include <malloc.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "benchmarks.hpp"
#include "harness/stored.hpp"
#include "harness/usage.hpp"
#include "workflows.hpp"

#include <cloacina/tenant_host.hpp>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t many = 200;

/// A host, and the names of its tenants.
struct Hosted {
  explicit Hosted(Bench& bench) {
    auto const place = bench.scratch.new_place("tenants");
    if (place.is_file()) {
      std::filesystem::create_directory(place.file);
      url = place.url;
      for (std::size_t i = 0; i < many; ++i) names.push_back("tenant_" + std::to_string(i));
    } else {
      url = place.server;
      places.push_back(place);
      while (places.size() < many) places.push_back(bench.scratch.new_place("tenants"));
      for (auto const& tenant : places) names.push_back(tenant.schema);
    }
  }
  std::string url;
  std::vector<std::string> names;
  std::vector<Place> places;  // of a server: schemas
};

void add(Bench& bench, std::string figure, std::string unit, double value, std::string bar = {},
         std::optional<bool> met = {}) {
  Samples samples;
  samples.add(value);
  bench.report.add({.name = "tenants",
                    .figure = std::move(figure),
                    .unit = std::move(unit),
                    .samples = std::move(samples),
                    .bar = std::move(bar),
                    .met = met});
}

}  // namespace

void tenants(Bench& bench) {
  constexpr double most_cpu = 2;
  constexpr double most_mib = 40;
  auto const duration = bench.options.quick ? 10s : 60s;
  Hosted const hosted{bench};
  cloacina::TenantHost host{hosted.url};
  // Each has run something, so that everything that starts once has started.
  (void)host.tenant(hosted.names.front())->execute(one_task.name, {});
  malloc_trim(0);  // what an earlier benchmark left behind
  auto const cpu_of_one = idle_cpu(duration);
  auto const bytes_of_one = resident_bytes();
  auto const begun = std::chrono::steady_clock::now();
  for (auto const& name : hosted.names) (void)host.tenant(name)->execute(one_task.name, {});
  std::chrono::duration<double, std::milli> const opening =
      std::chrono::steady_clock::now() - begun;
  auto const cpu = idle_cpu(duration) - cpu_of_one;
  auto const mib = (resident_bytes() - bytes_of_one) / (1 << 20);
  auto const above = std::to_string(many) + " idle tenants above one, ";
  add(bench, above + "CPU", "% of a core", cpu, "≤ 2 %", cpu <= most_cpu);
  add(bench, above + "memory", "MiB", mib, "≤ 40 MiB", mib <= most_mib);
  add(bench, "opening one, with its new database and a task", "ms", opening.count() / many);
  if (!hosted.places.empty())
    add(bench, "sessions of all", "", server_cost(hosted.places.front()).sessions);
}

}  // namespace bench
