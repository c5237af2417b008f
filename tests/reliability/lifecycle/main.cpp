// Runners that are made, used and destroyed in random orders and from random places, round after
// round.
//   lifecycle WHERE SEED ROUNDS     prints what happened, as JSON; a violation ends it with 5
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

#include "round.hpp"
#include "watchdog.hpp"

int main(int count, char** arguments) try {
  using namespace cloacina::lifecycle;
  if (count != 4) throw std::runtime_error{"usage: lifecycle WHERE SEED ROUNDS"};
  auto const seed = static_cast<std::uint64_t>(std::atoll(arguments[2]));
  auto const rounds = static_cast<std::uint64_t>(std::atoll(arguments[3]));
  Watchdog watchdog;
  Totals totals;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    watchdog.begin(seed + i);
    // Most rounds share a database: what one leaves behind, the next one goes on with.
    Round{arguments[1], seed + i, totals}.run();
  }
  watchdog.end();
  std::printf("%s\n", totals.to_json().dump().c_str());
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "lifecycle: %s\n", error.what());
  return 5;
}
