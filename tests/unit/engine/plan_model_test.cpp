// Random executions against the reference model; the trial dag_model compares up to a million. A
// failing seed is printed; to see it again, run with CLOACINA_TEST_SEED=that seed and
// CLOACINA_TEST_DAGS=1.
#include <cstdlib>
#include <string>

#include "support/catch.hpp"
#include "support/plan_model/model_trial.hpp"

using namespace cloacina::engine::test;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t usual_number = 1'000;
#else
constexpr std::uint64_t usual_number = 2'000;
#endif

std::uint64_t from_environment(char const* name, std::uint64_t otherwise) {
  char const* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

}  // namespace

TEST_CASE("random executions go as the reference model says", "[engine][plan][model]") {
  auto const first_seed = from_environment("CLOACINA_TEST_SEED", 1);
  auto const trials = from_environment("CLOACINA_TEST_DAGS", usual_number);
  Coverage met;
  for (std::uint64_t seed = first_seed; seed < first_seed + trials; ++seed) {
    try {
      ModelTrial(seed, met).run();
    } catch (std::exception const& difference) {
      FAIL("CLOACINA_TEST_SEED=" << seed << " CLOACINA_TEST_DAGS=1: " << difference.what());
    }
  }
  if (trials < 1'000) return;  // a few show nothing
  // No test of a thing that did not happen.
  CHECK(met.starts > 2 * trials);
  CHECK(met.retries > trials / 10);
  CHECK(met.crashes > trials / 2);
  CHECK(met.unknown_outcomes > trials / 200);
  CHECK(met.skips > trials / 5);
  CHECK(met.skips_by_failure > trials / 5);
  CHECK(met.completed > trials / 5);
  CHECK(met.failed > trials / 5);
  CHECK(met.timed_out > trials / 200);
  CHECK(met.cancelled > trials / 200);
}
