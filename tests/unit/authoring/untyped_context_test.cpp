#include <limits>

#include <cloacina/task_context.hpp>

#include "keys.hpp"
#include "support/catch.hpp"
#include "task_run_fixture.hpp"

using namespace cloacina;
using namespace cloacina::test;
using Catch::Contains;

TEST_CASE("a body sees what it was given, overlaid by what it changed", "[authoring][context]") {
  Attempt attempt{Context{{"a", 1}, {"b", 2}, {"c", 3}}};
  TaskContext<> context{attempt.run};
  context.put("b", 20);
  context.insert("d", 4);
  context.update("a", 10);
  CHECK(context.remove("c"));

  CHECK(context.get_as<int>("a") == 10);
  CHECK(context.get("b") == Json(20));
  CHECK_FALSE(context.contains("c"));
  CHECK(context.to_json() == R"({"a":10,"b":20,"d":4})");
  CHECK(attempt.run.given.to_json() == R"({"a":1,"b":2,"c":3})");
  CHECK(attempt.run.delta.to_json() == R"({"set":{"b":20,"d":4,"a":10},"removed":["c"]})");
}

TEST_CASE("only changes are in the delta", "[authoring][context]") {
  Attempt attempt{Context{{"a", 1}}};
  TaskContext<> context{attempt.run};
  CHECK(context.get_as<int>("a") == 1);
  CHECK(context.find("b") == nullptr);
  CHECK_FALSE(context.remove("b"));
  CHECK(attempt.run.delta.empty());
}

TEST_CASE("a key that is put again after its removal is not removed", "[authoring][context]") {
  Attempt attempt{Context{{"a", 1}}};
  TaskContext<> context{attempt.run};
  CHECK(context.remove("a"));
  CHECK_FALSE(context.remove("a"));
  context.insert("a", 2);
  CHECK(attempt.run.delta.to_json() == R"({"set":{"a":2}})");
  CHECK(context.remove("a"));
  CHECK(attempt.run.delta.to_json() == R"({"removed":["a"]})");
}

TEST_CASE("a key that came and went within the task leaves no trace", "[authoring][context]") {
  Attempt attempt;
  TaskContext<> context{attempt.run};
  context.put("a", 1);
  CHECK(context.remove("a"));
  CHECK(attempt.run.delta.empty());
}

TEST_CASE("insert wants a new key and update an old one", "[authoring][context]") {
  Attempt attempt{Context{{"a", 1}}};
  TaskContext<> context{attempt.run};
  CHECK_THROWS_WITH(context.insert("a", 2), Contains("'a' exists already"));
  CHECK_THROWS_WITH(context.update("b", 2), Contains("'b' does not exist") && Contains("'a'"));
  CHECK_THROWS_AS(context.update("b", 2), ContextError);
  CHECK(attempt.run.delta.empty());
}

TEST_CASE("a missing key is answered with what there is", "[authoring][context]") {
  Attempt attempt{Context{{"a", 1}, {"b", 2}}};
  TaskContext<> context{attempt.run};
  context.remove("b");
  CHECK_THROWS_WITH(context.get("c"), Contains("'c'") && Contains("it holds 'a'"));
  CHECK_THROWS_WITH(context.get("b"), Contains("this task removed it"));
  attempt.run.missing.emplace_back("c", "its writer 'load' was Skipped");
  CHECK_THROWS_WITH(context.get("c"), Contains("its writer 'load' was Skipped"));
}

TEST_CASE("a value that cannot be stored is refused with its key, and nothing is changed",
          "[authoring][context]") {
  Attempt attempt{Context{{"a", 1}}};
  TaskContext<> context{attempt.run};
  context.remove("a");
  CHECK_THROWS_WITH(context.put("a", std::numeric_limits<double>::quiet_NaN()), Contains("'a'"));
  CHECK_THROWS_AS(context.put("a", "\xff"), ValidationError);
  CHECK(attempt.run.delta.to_json() == R"({"removed":["a"]})");
}

TEST_CASE("typed keys work on the untyped context, unchecked by the compiler",
          "[authoring][context]") {
  Attempt attempt{Context{{"order_id", 7}}};
  TaskContext<> context{attempt.run};
  CHECK(context.get(order_id) == 7);
  CHECK(context.find(total) == nullptr);
  context.put(total, 2.5);
  context.put(lines, {{1, 0.5}});
  CHECK(*context.find(total) == 2.5);
  CHECK(context.get("lines").size() == 1);
}

namespace other {
CLOACINA_KEY(order_id, double);
}

TEST_CASE("two types of one key are decoded apart", "[authoring][context]") {
  Attempt attempt{Context{{"order_id", 7}}};
  TaskContext<> context{attempt.run};
  CHECK(context.get(order_id) == 7);
  CHECK(context.get(other::order_id) == 7.0);
}
