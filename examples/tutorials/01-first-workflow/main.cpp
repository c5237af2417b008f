#include <cloacina/cloacina.hpp>
#include <iostream>
#include <numeric>

// What the tasks hand to each other, each with its type.
namespace keys {
CLOACINA_KEY(city, std::string);
CLOACINA_KEY(readings, std::vector<double>);
CLOACINA_KEY(mean, double);
}  // namespace keys
using namespace keys;

// Two tasks. The braces after each are its body.
CLOACINA_TASK(measure, .reads = {city}, .writes = {readings}, .retry = {.max_attempts = 5}) {
  std::cout << "measuring in " << context.get(city) << '\n';
  context.put(readings, {3.0, 4.5, 6.0});
}

CLOACINA_TASK(average, .after = {measure}, .reads = {readings}, .writes = {mean}) {
  auto const& all = context.get(readings);
  context.put(mean, std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size()));
}

// The workflow: what a call must give, and the tasks.
CLOACINA_WORKFLOW(climate, .inputs = {city}, .tasks = {measure, average});

int main() {
  cloacina::DefaultRunner runner{"sqlite://climate.db"};

  auto const result = runner.execute(climate(city = "Oslo"), {.idempotency_key = "Oslo"});
  std::cout << result.get(city) << ": " << result.get(mean) << " degrees, "
            << to_string(result.status()) << '\n';

  std::cout << climate.workflow().to_mermaid();
}
