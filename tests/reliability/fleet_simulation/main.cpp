// Histories of simulated fleets, each from a seed of its own.
//   fleet_simulation DIRECTORY FIRST_SEED HISTORIES     prints problems, then what happened, as
//   JSON fleet_simulation DIRECTORY SEED                     prints that history, event for event
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "fleet.hpp"

namespace {

using namespace cloacina::trial;

void remove_database(std::filesystem::path const& database) {
  for (auto const* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(database.string() + suffix);
}

void print_history(std::filesystem::path const& database, std::uint64_t seed) {
  Fleet fleet{seed, database};
  for (auto const& problem : fleet.run()) std::printf("%s\n", problem.c_str());
  std::printf("%s", fleet.history().c_str());
}

void run(std::filesystem::path const& database, std::uint64_t first, std::uint64_t histories) {
  Happened sum;
  std::int64_t takeovers = 0, crashes = 0;
  for (std::uint64_t i = 0; i < histories; ++i) {
    remove_database(database);
    Fleet fleet{first + i, database};
    for (auto const& problem : fleet.run())
      std::printf("%s (seed %llu)\n", problem.c_str(), static_cast<unsigned long long>(first + i));
    sum.kills += fleet.happened().kills;
    sum.stalls += fleet.happened().stalls;
    sum.errors += fleet.happened().errors;
    sum.jumps += fleet.happened().jumps;
    sum.submissions += fleet.happened().submissions;
    sum.refusals += fleet.happened().refusals;
    sum.cancels += fleet.happened().cancels;
    takeovers += fleet.counts().takeovers;
    crashes += fleet.counts().crashes;
  }
  nlohmann::json const happened{
      {"kills", sum.kills},         {"stalls", sum.stalls},           {"errors", sum.errors},
      {"clock_jumps", sum.jumps},   {"submissions", sum.submissions}, {"taken_over", takeovers},
      {"crashes_counted", crashes}, {"refused", sum.refusals},        {"cancelled", sum.cancels}};
  std::printf("%s\n", happened.dump().c_str());
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 3 && count != 4)
    throw std::runtime_error{"usage: fleet_simulation DIRECTORY SEED [HISTORIES]"};
  auto const silent = spdlog::default_logger()->clone("cloacina");
  silent->set_level(spdlog::level::off);  // thousands of injected errors
  spdlog::register_logger(silent);
  auto const database = std::filesystem::path{arguments[1]} / "fleet.db";
  auto const seed = std::strtoull(arguments[2], nullptr, 10);
  if (count == 3) {
    print_history(database, seed);
  } else {
    run(database, seed, std::strtoull(arguments[3], nullptr, 10));
  }
  return 0;
} catch (std::exception const& error) {
  std::printf("broke off: %s\n", error.what());
  return 1;
}
