#include "core/graph.hpp"

#include <algorithm>
#include <random>

#include "core/latest_writers.hpp"
#include "support/catch.hpp"

using namespace cloacina;

namespace {

using Tasks = std::vector<TaskIndex>;

bool is_cycle(Edges const& dependencies, Tasks const& cycle) {
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    auto const& of = dependencies[cycle[i]];
    if (std::find(of.begin(), of.end(), cycle[(i + 1) % cycle.size()]) == of.end()) return false;
  }
  return !cycle.empty();
}

}  // namespace

TEST_CASE("dependencies come first, and ties keep their position", "[core][graph]") {
  CHECK(topological_order({}) == Tasks{});
  CHECK(topological_order({{}, {}, {}}) == Tasks{0, 1, 2});
  CHECK(topological_order({{1}, {2}, {}}) == Tasks{2, 1, 0});
  CHECK(topological_order({{3}, {}, {}, {2}}) == Tasks{1, 2, 3, 0});
  CHECK(topological_order({{2, 2}, {}, {}}) == Tasks{1, 2, 0});
}

TEST_CASE("a cycle has no order and is shown with its path", "[core][graph]") {
  struct Row {
    Edges dependencies;
    std::size_t length;
  };
  auto const row = GENERATE(values<Row>({
      {{{0}}, 1},
      {{{1}, {0}}, 2},
      {{{}, {0, 3}, {1}, {2}, {1}}, 3},
      {{{1, 2}, {}, {3}, {1, 4}, {2}}, 3},
  }));
  CHECK_FALSE(topological_order(row.dependencies));
  auto const cycle = find_cycle(row.dependencies);
  CHECK(cycle.size() == row.length);
  CHECK(is_cycle(row.dependencies, cycle));
  CHECK(find_cycle({{}, {0}, {0, 1}}).empty());
}

TEST_CASE("roots, leaves, levels and what is upstream", "[core][graph]") {
  // 0 and 1 are roots; 2 ← 0; 3 ← 0, 2; 4 ← 1
  Edges const dependencies{{}, {}, {0}, {0, 2}, {1}};
  CHECK(roots_of(dependencies) == Tasks{0, 1});
  CHECK(roots_of(reversed(dependencies)) == Tasks{3, 4});
  CHECK(reversed(dependencies) == Edges{{2, 3}, {4}, {3}, {}, {}});
  CHECK(levels_of(dependencies) == std::vector<std::size_t>{0, 0, 1, 2, 1});
  CHECK(reachable_from(dependencies, 3) == Tasks{0, 2});
  CHECK(reachable_from(dependencies, 0) == Tasks{});
  CHECK(reachable_from(reversed(dependencies), 0) == Tasks{2, 3});
}

TEST_CASE("a hundred thousand tasks in a chain use up no stack", "[core][graph]") {
  constexpr TaskIndex tasks = 100'000;
  Edges dependencies(tasks);
  for (TaskIndex task = 0; task + 1 < tasks; ++task) dependencies[task].push_back(task + 1);
  auto const order = topological_order(dependencies);
  REQUIRE(order);
  CHECK(order->front() == tasks - 1);
  CHECK(levels_of(dependencies).front() == tasks - 1);
  CHECK(reachable_from(dependencies, 0).size() == tasks - 1);
  CHECK(find_cycle(dependencies).empty());
  dependencies.back().push_back(0);
  CHECK(find_cycle(dependencies).size() == tasks);
}

TEST_CASE("random graphs are ordered, or have a cycle, never both", "[core][graph]") {
  std::mt19937 random{3};
  int cyclic = 0;
  for (int graph = 0; graph < 3'000; ++graph) {
    auto const tasks = static_cast<TaskIndex>(1 + random() % 8);
    Edges dependencies(tasks);
    for (auto edges = random() % 10; edges > 0; --edges)
      dependencies[random() % tasks].push_back(random() % tasks);
    auto const order = topological_order(dependencies);
    auto const cycle = find_cycle(dependencies);
    REQUIRE(order.has_value() == cycle.empty());
    if (!order) {
      ++cyclic;
      REQUIRE(is_cycle(dependencies, cycle));
      continue;
    }
    std::vector<std::size_t> position(tasks);
    for (std::size_t i = 0; i < order->size(); ++i) position[(*order)[i]] = i;
    for (TaskIndex task = 0; task < tasks; ++task) {
      for (auto const dependency : dependencies[task])
        REQUIRE(position[dependency] < position[task]);
    }
  }
  CHECK(cyclic > 500);
  CHECK(cyclic < 2'500);
}

TEST_CASE("the latest writers are those with no other one downstream", "[core][graph][causal]") {
  std::mt19937 random{5};
  for (int graph = 0; graph < 3'000; ++graph) {
    auto const tasks = static_cast<TaskIndex>(2 + random() % 10);
    Edges dependencies(tasks);
    for (TaskIndex task = 1; task < tasks; ++task) {
      for (auto edges = random() % 3; edges > 0; --edges)
        dependencies[task].push_back(random() % task);
    }
    Tasks writers;
    for (TaskIndex task = 0; task < tasks; ++task) {
      if (random() % 2 == 0) writers.push_back(task);
    }
    if (writers.size() < 2) continue;
    LatestWriters latest{dependencies};
    auto const is_latest = latest.of(writers);
    for (std::size_t i = 0; i < writers.size(); ++i) {
      bool const has_later = std::any_of(writers.begin(), writers.end(), [&](TaskIndex other) {
        auto const upstream = reachable_from(dependencies, other);
        return std::find(upstream.begin(), upstream.end(), writers[i]) != upstream.end();
      });
      REQUIRE(is_latest[i] != has_later);
    }
  }
}

TEST_CASE("the search for the latest writers looks at each edge once", "[core][graph][causal]") {
  // A ladder of forks and joins has 2^60 ways from its end to its beginning.
  Edges dependencies{{}};
  for (int i = 0; i < 60; ++i) {
    auto const join = static_cast<TaskIndex>(dependencies.size() - 1);
    dependencies.push_back({join});
    dependencies.push_back({join});
    dependencies.push_back({join + 1, join + 2});
  }
  LatestWriters latest{dependencies};
  CHECK(latest.of({0, static_cast<TaskIndex>(dependencies.size() - 1)}) ==
        std::vector<bool>{false, true});
}
