#include <cloacina/cloacina.hpp>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

using namespace std::chrono;

namespace keys {
CLOACINA_KEY(shop, std::string);
CLOACINA_KEY(scheduled_time, std::string);
CLOACINA_KEY(receipt, std::string);
}  // namespace keys
using namespace keys;

CLOACINA_TASK(count, .reads = {shop, scheduled_time}, .writes = {receipt}) {
  context.put(receipt, "till of " + context.get(shop) + ", " + context.get(scheduled_time));
}

CLOACINA_WORKFLOW(close_till, .inputs = {shop, scheduled_time}, .tasks = {count});

std::string utc(cloacina::Instant instant) {
  auto const time = system_clock::to_time_t(instant);
  std::ostringstream text;
  text << std::put_time(std::gmtime(&time), "%a %d %b %Y %H:%M:%S UTC");
  return text.str();
}

int main() {
  std::cout << "half past two in Paris:\n";
  auto const before = sys_days{2026y / March / 28};
  for (auto at : cloacina::next_firings("30 2 * * *", "Europe/Paris", before, 3))
    std::cout << "  " << utc(at) << '\n';

  cloacina::DefaultRunner runner{"sqlite://tills.db"};
  auto const schedule = runner.register_cron_workflow(
      "close_till", "* * * * * *",
      {.timezone = "Europe/Paris", .name = "Paris", .parameters = {{"shop", "Paris"}}});
  std::this_thread::sleep_for(3500ms);

  std::cout << "what became of each second:\n";
  for (auto const& line : runner.get_cron_execution_history(schedule, 10)) {
    std::cout << "  " << utc(line.scheduled_time) << ": " << to_string(line.outcome);
    if (line.execution)
      std::cout << ", " << runner.handle(*line.execution).wait().get(receipt);
    else
      std::cout << " with what follows, " << line.instants.value_or(1000)
                << " in all: " << line.reason;
    std::cout << '\n';
  }
}
