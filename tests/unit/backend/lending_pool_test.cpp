#include "backend/lending_pool.hpp"

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include "support/catch.hpp"

using namespace cloacina::backend;
using namespace std::chrono_literals;

namespace {

struct Thing {
  int number = 0;
  bool good = true;
};
using Pool = LendingPool<Thing>;

struct AllLent : std::runtime_error {
  AllLent() : std::runtime_error("all are lent") {}
};

std::shared_ptr<Pool> pool_of(std::size_t most, std::chrono::milliseconds longest_wait = 0ms) {
  auto made = std::make_shared<int>(0);
  return std::make_shared<Pool>(
      Pool::Rules{.most = most,
                  .make =
                      [made] {
                        return std::make_unique<Thing>(Thing{++*made, true});
                      },
                  .is_of_use = [](Thing const& thing) { return thing.good; },
                  .all_are_lent = [] { throw AllLent{}; },
                  .longest_wait = longest_wait});
}

}  // namespace

TEST_CASE("what came back is lent again, the last one first", "[backend][pool]") {
  auto const pool = pool_of(3);
  auto one = pool->take();
  auto two = pool->take();
  CHECK(one->number == 1);
  CHECK(two->number == 2);
  one.reset();
  two.reset();
  CHECK(pool->take()->number == 2);
}

TEST_CASE("a pool that has run dry says so after its longest wait, and lends again",
          "[backend][pool]") {
  auto const pool = pool_of(1, 20ms);
  auto held = pool->take();
  auto const begun = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(pool->take(), AllLent);
  CHECK(std::chrono::steady_clock::now() - begun >= 20ms);
  held.reset();
  CHECK(pool->take()->number == 1);
}

TEST_CASE("who came first to a dry pool is first", "[backend][pool]") {
  auto const pool = pool_of(1);
  auto held = pool->take();
  constexpr int count = 8;
  std::vector<int> order;
  std::vector<std::jthread> waiting;
  for (int i = 0; i < count; ++i) {
    waiting.emplace_back([&, i] {
      auto const mine = pool->take();
      order.push_back(i);  // one at a time: there is one thing
    });
    while (pool->waiting() != static_cast<std::size_t>(i) + 1) std::this_thread::yield();
  }
  held.reset();
  waiting.clear();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("one that broke takes the idle ones with it, and leaves its place", "[backend][pool]") {
  auto const pool = pool_of(2);
  auto one = pool->take();
  auto two = pool->take();
  two.reset();
  one->good = false;
  one.reset();
  CHECK(pool->take()->number == 3);
}

TEST_CASE("one that could not be made takes no place", "[backend][pool]") {
  bool fails = true;
  auto const pool =
      std::make_shared<Pool>(Pool::Rules{.most = 1,
                                         .make =
                                             [&] {
                                               if (fails) throw std::runtime_error{"no server"};
                                               return std::make_unique<Thing>();
                                             },
                                         .is_of_use = [](Thing&) { return true; },
                                         .all_are_lent = [] { throw AllLent{}; },
                                         .longest_wait = 1ms});
  CHECK_THROWS_WITH(pool->take(), "no server");
  fails = false;
  CHECK(pool->take() != nullptr);
}

TEST_CASE("what is lent outlives who holds the pool", "[backend][pool]") {
  auto pool = pool_of(1);
  auto lent = pool->take();
  pool.reset();
  CHECK(lent->number == 1);
}
