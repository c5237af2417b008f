#include "core/json_merge.hpp"

#include "cpu_time.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using detail::SharedJson;

namespace {

std::string folded(std::vector<char const*> const& texts) {
  ValueFold fold;
  for (auto const* text : texts)
    fold.add(text == nullptr ? SharedJson{} : SharedJson{Json::parse(text)});
  auto const result = fold.take();
  return result ? result->dump() : "absent";
}

}  // namespace

TEST_CASE("a fold gives what its writers left, in their order", "[core][causal]") {
  CHECK(folded({}) == "absent");
  CHECK(folded({"1"}) == "1");
  CHECK(folded({"1", "1.0", "1"}) == "1");
  CHECK(folded({"1", "2", "1"}) == "1");
  CHECK(folded({"[1,2]", "[2,3]", "[3,4,4]"}) == "[1,2,3,4,4]");
  CHECK(folded({"[1]", "{}", "[2]"}) == "[2]");
  CHECK(folded({R"({"a":[1],"b":1})", R"({"c":0,"a":[2]})", R"({"b":2,"a":[1,3]})"}) ==
        R"({"a":[1,2,3],"b":2,"c":0})");
  CHECK(folded({R"({"a":1})", "null"}) == "null");
  CHECK(folded({"null", R"({"a":1})"}) == R"({"a":1})");
}

TEST_CASE("a removal in a fold forgets what came before it", "[core][causal]") {
  CHECK(folded({nullptr}) == "absent");
  CHECK(folded({"1", nullptr}) == "absent");
  CHECK(folded({nullptr, "[1]"}) == "[1]");
  CHECK(folded({"[1]", "[2]", nullptr, "[3]", "[4]"}) == "[3,4]");
}

TEST_CASE("what has one writer is not copied", "[core][causal]") {
  SharedJson const value{Json{{"a", 1}}};
  ValueFold fold;
  fold.add(value);
  fold.add(value);
  CHECK(fold.take() == value);
}

TEST_CASE("ten thousand writers of one array or object take linear time", "[core][causal]") {
  auto const start = std::clock();
  ValueFold arrays;
  ValueFold objects;
  for (int i = 0; i < 10'000; ++i) {
    arrays.add(SharedJson{Json::array({i, i / 2})});
    objects.add(SharedJson{Json{{"k" + std::to_string(i), i}}});
  }
  CHECK(arrays.take()->size() > 10'000);
  CHECK(objects.take()->size() == 10'000);
  // Comparing each with all before takes several seconds.
  CHECK(cpu_seconds_since(start) < 1.0);
}

TEST_CASE("large values meet as small ones do", "[core][causal]") {
  Json left = Json::array();
  Json right = Json::array();
  Json left_object = Json::object();
  Json right_object = Json::object();
  for (int i = 0; i < 100; ++i) {
    left.push_back(i);
    right.push_back(i + 50);
    left_object["k" + std::to_string(i)] = i;
    right_object["k" + std::to_string(i + 50)] = -i;
  }
  ValueFold fold;
  fold.add(SharedJson{Json{{"a", left}, {"o", left_object}}});
  fold.add(SharedJson{Json{{"a", right}, {"o", right_object}}});
  auto const result = fold.take();
  REQUIRE((*result)["a"].size() == 150);
  CHECK((*result)["a"][149] == 149);
  REQUIRE((*result)["o"].size() == 150);
  CHECK((*result)["o"]["k49"] == 49);
  CHECK((*result)["o"]["k50"] == 0);
}
