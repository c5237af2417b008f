// Random executions, run by the engine's rules and by the reference model, each from its own seed.
//   dag_model FIRST_SEED EXECUTIONS     prints the differences, then what was met, as JSON
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "support/plan_model/model_trial.hpp"

int main(int count, char** arguments) try {
  using namespace cloacina::engine::test;
  if (count != 3) throw std::runtime_error{"usage: dag_model FIRST_SEED EXECUTIONS"};
  auto const first = std::strtoull(arguments[1], nullptr, 10);
  auto const executions = std::strtoull(arguments[2], nullptr, 10);
  Coverage met;
  for (auto seed = first; seed < first + executions; ++seed) {
    try {
      ModelTrial(seed, met).run();
    } catch (Difference const& difference) {
      std::printf("difference: %s (seed %llu)\n", difference.what(), seed);
    }
  }
  nlohmann::ordered_json const sums{{"tasks", met.tasks},
                                    {"starts", met.starts},
                                    {"retries", met.retries},
                                    {"crashes", met.crashes},
                                    {"unknown_outcomes", met.unknown_outcomes},
                                    {"alone", met.alone},
                                    {"crashed_out", met.crashed_out},
                                    {"skips", met.skips},
                                    {"skips_by_failure", met.skips_by_failure},
                                    {"completed", met.completed},
                                    {"failed", met.failed},
                                    {"timed_out", met.timed_out},
                                    {"cancelled", met.cancelled}};
  std::printf("%s\n", sums.dump().c_str());
  return 0;
} catch (std::exception const& error) {
  std::fprintf(stderr, "dag_model: %s\n", error.what());
  return 4;
}
