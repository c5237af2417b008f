// Several things at once: signals and forks while plug-ins come and go, and while the process ends.
#include "life.hpp"

namespace cloacina::life {
namespace {

// A signal makes the kernel begin a fork again: without pauses between them it never ends.
constexpr std::chrono::milliseconds pause{2};

}  // namespace

int mixed(Setting& setting, std::string const& end_of_it, std::string const& plugin) {
  static std::atomic<bool> const never{false};
  auto const dice = setting.dice();
  if (dice % 4 != 0) send_signals(never, pause).detach();
  if (dice / 4 % 4 != 0) keep_forking(never, pause).detach();
  if (dice / 16 % 2 != 0) load(setting, dice / 32 % 2 != 0 ? "again" : "closed_early", plugin);
  auto const plus = end_of_it.find('+');
  return end(setting, end_of_it.substr(0, plus), end_of_it.substr(plus + 1));
}

}  // namespace cloacina::life
