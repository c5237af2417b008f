#include <algorithm>
#include <latch>
#include <thread>
#include <vector>

#include <cloacina/environment.hpp>

#include "support/catch.hpp"

using namespace cloacina;

TEST_CASE("threads that share an environment draw different numbers", "[engine][environment]") {
  constexpr std::size_t threads = 4;
  constexpr std::size_t count = 250'000;
  auto const environment = Environment::system();
  std::vector<double> drawn(threads * count);
  std::latch together{threads};
  std::vector<std::thread> drawing;
  for (std::size_t i = 0; i < threads; ++i)
    drawing.emplace_back([&, first = drawn.data() + i * count] {
      together.arrive_and_wait();
      std::generate_n(first, count, [&] { return environment.random(); });
    });
  for (auto& thread : drawing) thread.join();
  std::sort(drawn.begin(), drawn.end());
  CHECK((drawn.front() >= 0.0 && drawn.back() < 1.0));
  // Of a million doubles two are equal by chance once in ten thousand runs. A race that this does
  // not show the thread sanitizer does.
  auto const equal = drawn.end() - std::unique(drawn.begin(), drawn.end());
  CHECK(equal <= 1);
}
