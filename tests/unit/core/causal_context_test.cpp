#include "core/causal_context.hpp"

#include <cstdlib>
#include <random>

#include "causal_reference.hpp"
#include "cpu_time.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using detail::ContextDelta;

namespace {

ContextDelta set(std::initializer_list<Context::Entry> entries) { return {Context(entries), {}}; }
ContextDelta removed(std::string key) { return {{}, {std::move(key)}}; }

/// Runs a graph through `CausalContext` as an engine does; `before` of a task is what it was given.
class Walk {
 public:
  Walk(Edges dependencies, Context input)
      : dependencies_(std::move(dependencies)), input_(std::move(input)) {
    root_ = CausalContext::from_input(input_);
  }

  CausalContext join(std::vector<TaskIndex> const& parents) const {
    if (parents.empty()) return root_;
    if (parents.size() == 1) return after_[parents.front()];
    std::vector<CausalContext const*> contexts;
    for (auto const parent : parents) contexts.push_back(&after_[parent]);
    return CausalContext::merge(contexts, dependencies_);
  }
  /// Tasks come in topological order.
  Context run(TaskIndex task, ContextDelta const& delta, bool read = true) {
    auto context = join(dependencies_[task]);
    auto given = read ? context.values() : Context{};
    context.apply(task, delta);
    after_.push_back(std::move(context));
    return given;
  }
  Context end(std::vector<TaskIndex> const& leaves) const { return join(leaves).values(); }

 private:
  Edges dependencies_;
  Context input_;
  CausalContext root_;
  std::vector<CausalContext> after_;
};

/// Two branches after one root, joined.
Context diamond(Context input, ContextDelta root, ContextDelta left, ContextDelta right) {
  Walk walk{{{}, {0}, {0}}, std::move(input)};
  walk.run(0, root);
  walk.run(1, left);
  walk.run(2, right);
  return walk.end({1, 2});
}

std::uint64_t number_from(char const* variable, std::uint64_t otherwise) {
  char const* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_CASE("a chain hands on what each task wrote", "[core][causal]") {
  Walk walk{{{}, {0}, {1}}, Context{{"input", 1}}};
  CHECK(walk.run(0, set({{"a", 1}})) == Context{{"input", 1}});
  CHECK(walk.run(1, set({{"a", 2}, {"b", 3}})) == Context{{"input", 1}, {"a", 1}});
  CHECK(walk.run(2, removed("input")) == Context{{"input", 1}, {"a", 2}, {"b", 3}});
  CHECK(walk.end({2}) == Context{{"a", 2}, {"b", 3}});
}

TEST_CASE("concurrent writes of one key merge, later ones replace", "[core][causal]") {
  struct Row {
    char const* what;
    Json left, right, expected;
  };
  auto const row = GENERATE(values<Row>({
      {"equal values stay", 7, 7, 7},
      {"equal by value keep the first's type", 1, 1.0, 1},
      {"of different scalars the later in order wins", 7, 8, 8},
      {"of different kinds the later wins", Json::array({1}), "text", "text"},
      {"null is a value", 7, nullptr, nullptr},
      {"objects merge key by key", {{"a", 1}}, {{"b", 2}}, {{"a", 1}, {"b", 2}}},
      {"and so on inside",
       {{"o", {{"a", 1}}}},
       {{"o", {{"a", 2}, {"b", 2}}}},
       {{"o", {{"a", 2}, {"b", 2}}}}},
      {"arrays get what they lack", Json::array({1, 2}), Json::array({2, 3, 3}),
       Json::array({1, 2, 3, 3})},
      {"elements are compared as JSON",
       {{{"a", 1}, {"b", 2}}},
       {{{"b", 2}, {"a", 1}}},
       {{{"a", 1}, {"b", 2}}}},
  }));
  CAPTURE(row.what);
  auto const result =
      diamond({}, set({{"k", "root"}}), set({{"k", row.left}}), set({{"k", row.right}}));
  CHECK(result.get("k").dump() == row.expected.dump());
}

TEST_CASE("an untouched key passes through and a write beats what lies upstream of it",
          "[core][causal]") {
  auto const result =
      diamond(Context{{"in", 0}, {"k", "input"}}, set({{"root", 1}}), set({{"k", "left"}}), {});
  CHECK(result == Context{{"in", 0}, {"k", "left"}, {"root", 1}});
}

TEST_CASE("a removal is a write: it beats what lies upstream and loses against what comes later",
          "[core][causal]") {
  SECTION("upstream") { CHECK(diamond({}, set({{"k", 1}}), removed("k"), {}).empty()); }
  SECTION("of the input") { CHECK(diamond(Context{{"k", 1}}, {}, {}, removed("k")).empty()); }
  SECTION("concurrent and earlier") {
    CHECK(diamond({}, set({{"k", 1}}), removed("k"), set({{"k", 2}})) == Context{{"k", 2}});
  }
  SECTION("concurrent and later") {
    CHECK(diamond({}, set({{"k", 1}}), set({{"k", 2}}), removed("k")).empty());
  }
  SECTION("objects do not merge across a removal") {
    // 0 ← 1 writes, 2 removes, 3 writes
    Walk walk{{{}, {0}, {0}, {0}}, {}};
    walk.run(0, {});
    walk.run(1, set({{"k", {{"a", 1}}}}));
    walk.run(2, removed("k"));
    walk.run(3, set({{"k", {{"b", 2}}}}));
    CHECK(walk.end({1, 2, 3}) == Context{{"k", {{"b", 2}}}});
  }
  SECTION("it is remembered over joins") {
    // 1 removes; 2 and 3 go on from the root; 4 joins 1 and 2; the end joins 3 and 4
    Walk walk{{{}, {0}, {0}, {0}, {1, 2}}, {}};
    walk.run(0, set({{"k", 1}}));
    walk.run(1, removed("k"));
    walk.run(2, {});
    walk.run(3, {});
    CHECK(walk.run(4, {}).empty());
    CHECK(walk.end({3, 4}).empty());
  }
}

TEST_CASE("several writers are folded again from what each wrote", "[core][causal]") {
  // 1, 2, 3 write concurrently; 4 joins 1 and 3; the end joins 4 and 2: the fold is 1, 2, 3, not
  // (1, 3), 2.
  Walk walk{{{}, {0}, {0}, {0}, {1, 3}}, {}};
  walk.run(0, {});
  walk.run(1, set({{"k", Json::array({1})}}));
  walk.run(2, set({{"k", Json::array({2})}}));
  walk.run(3, set({{"k", Json::array({3})}}));
  CHECK(walk.run(4, {}) == Context{{"k", Json::array({1, 3})}});
  CHECK(walk.end({4, 2}) == Context{{"k", Json::array({1, 2, 3})}});
}

TEST_CASE("a write after a fold replaces it everywhere", "[core][causal]") {
  Walk walk{{{}, {}, {0, 1}, {0}}, {}};
  walk.run(0, set({{"k", Json::array({1})}}));
  walk.run(1, set({{"k", Json::array({2})}}));
  walk.run(2, set({{"k", "joined"}}));
  walk.run(3, {});
  CHECK(walk.end({2, 3}) == Context{{"k", "joined"}});
}

TEST_CASE("keys keep their order, new ones come as their writers stand in the graph",
          "[core][causal]") {
  auto const input = Context{{"z", 0}, {"y", 0}};
  auto const result = diamond(input, set({{"root", 1}}),
                              set({{"left2", 1}, {"left1", 1}, {"y", 2}}), set({{"a", 1}}));
  CHECK(result.to_json() == R"({"z":0,"y":2,"root":1,"left2":1,"left1":1,"a":1})");
}

TEST_CASE("the order of keys does not depend on who has read what", "[core][causal]") {
  for (bool const read : {false, true}) {
    Walk walk{{{}, {0}, {1}, {0}, {3}}, Context{{"in", 0}}};
    walk.run(0, set({{"r", 1}}), read);
    walk.run(1, set({{"x", 1}}), read);
    walk.run(2, set({{"y", 1}}), read);
    walk.run(3, set({{"b", 1}}), read);
    walk.run(4, set({{"a", 1}, {"in", 5}}), read);
    CHECK(walk.end({2, 4}).to_json() == R"({"in":5,"r":1,"x":1,"y":1,"b":1,"a":1})");
  }
}

TEST_CASE("the output of one execution is an input like any other", "[core][causal]") {
  // "both" has two latest writers, "right" was written by task 2 of the first execution.
  auto const output = diamond({}, {}, set({{"both", Json::array({1})}}),
                              set({{"both", Json::array({2})}, {"right", "old"}}));
  auto const root = CausalContext::from_input(output);
  auto left = root;
  auto right = root;
  left.apply(1, set({{"right", "new"}, {"both", "new"}}));
  right.apply(2, set({{"other", 1}}));
  // Read, so that each has a table of its own, with the writers of all its keys.
  CHECK(left.values().get("right") == "new");
  CHECK(right.values().get("right") == "old");
  CausalContext const* const parents[] = {&left, &right};
  CHECK(CausalContext::merge(parents, Edges{{}, {0}, {0}}).values() ==
        Context{{"both", "new"}, {"right", "new"}, {"other", 1}});
  CHECK(output.get("right") == "old");
}

TEST_CASE("what a body holds does not change under it", "[core][causal]") {
  auto context = CausalContext::from_input(Context{{"k", 1}});
  auto const held = context.values();
  context.apply(0, set({{"k", 2}}));
  CHECK(held == Context{{"k", 1}});
  auto const copy = context;
  context.apply(1, removed("k"));
  CHECK(copy.values() == Context{{"k", 2}});
  CHECK(context.values().empty());
}

TEST_CASE("nothing is copied where nothing changes", "[core][causal]") {
  auto const root = CausalContext::from_input(Context{{"k", 1}});
  auto left = root;
  left.apply(0, {});
  CausalContext const* const parents[] = {&root, &left, &root};
  CHECK(CausalContext::merge(parents, Edges{{}, {}}).values().shares_content_with(root.values()));
}

TEST_CASE("random graphs give what the rules say, word by word", "[core][causal][model]") {
  auto const seed = number_from("CLOACINA_TEST_SEED", 20'130'208);
  auto const graphs = number_from("CLOACINA_TEST_DAGS", 10'000);
  std::uint64_t merges = 0;
  for (std::uint64_t graph = 0; graph < graphs; ++graph) {
    std::mt19937_64 random{seed + graph};
    auto const run = causal_reference::random_run(random, graph % 10 == 0 ? 24 : 9);
    Walk walk{run.dependencies, run.input};
    for (TaskIndex task = 0; task < run.deltas.size(); ++task) {
      // Whether somebody reads in between decides what is shared and pending.
      bool const read = std::uniform_int_distribution<int>{0, 1}(random) == 0;
      auto const given = walk.run(task, run.deltas[task], read);
      if (run.dependencies[task].size() > 1) ++merges;
      if (read && !causal_reference::same(
                      given, causal_reference::context_at(run, run.dependencies[task]))) {
        FAIL("CLOACINA_TEST_SEED="
             << seed + graph << ": task " << task << " was given " << given.to_json()
             << " instead of "
             << causal_reference::context_at(run, run.dependencies[task]).to_json());
      }
    }
    auto const leaves = roots_of(reversed(run.dependencies));
    auto const end = walk.end(leaves);
    if (!causal_reference::same(end, causal_reference::context_at(run, leaves))) {
      FAIL("CLOACINA_TEST_SEED=" << seed + graph << ": the end is " << end.to_json()
                                 << " instead of "
                                 << causal_reference::context_at(run, leaves).to_json());
    }
  }
  CHECK(merges > graphs);
}

TEST_CASE("values and the order of keys do not depend on who has read what, nor on a takeover",
          "[core][causal][model]") {
  auto const seed = number_from("CLOACINA_TEST_SEED", 20'130'208);
  auto const graphs = number_from("CLOACINA_TEST_DAGS", 10'000);
  for (std::uint64_t graph = 0; graph < graphs; ++graph) {
    std::mt19937_64 random{seed + graph};
    auto const run = causal_reference::random_run(random, 12);
    auto const leaves = roots_of(reversed(run.dependencies));
    auto const output = [&](auto const& reads) {
      Walk walk{run.dependencies, run.input};
      for (TaskIndex task = 0; task < run.deltas.size(); ++task) {
        // As after a takeover: the delta comes from its text.
        walk.run(task, ContextDelta::from_json(run.deltas[task].to_json()), reads());
      }
      return walk.end(leaves).to_json();
    };
    auto const expected = output([] { return true; });
    auto const unread = output([] { return false; });
    auto const mixed = output([&] { return random() % 2 == 0; });
    if (unread != expected || mixed != expected) {
      FAIL("CLOACINA_TEST_SEED=" << seed + graph << ": " << expected << "; unread " << unread
                                 << "; mixed " << mixed);
    }
  }
}

TEST_CASE("joining ten thousand branches takes time for what they changed, not for what they share",
          "[core][causal]") {
  constexpr TaskIndex branches = 10'000;
  Context input;
  for (int i = 0; i < 2'000; ++i) input.put("input_" + std::to_string(i), i);
  Edges dependencies(1);
  std::vector<TaskIndex> all;
  for (TaskIndex task = 1; task <= branches; ++task) {
    dependencies.push_back({0});
    all.push_back(task);
  }
  Walk walk{dependencies, input};
  walk.run(0, set({{"all", Json::array()}}));
  auto const start = std::clock();
  for (auto const task : all) {
    walk.run(task, set({{"all", Json::array({task})}, {"own_" + std::to_string(task), task}}));
  }
  auto const result = walk.end(all);
  auto const seconds = cpu_seconds_since(start);
  CHECK(result.size() == 2'001 + branches);
  CHECK(result.get("all").size() == branches);
  // 0.02 here; copying two thousand keys for each branch takes 0.9.
  CHECK(seconds < 0.4);
}
