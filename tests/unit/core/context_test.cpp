#include <cloacina/context.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <thread>

#include "cpu_time.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;

namespace {

std::string keys_of(Context const& context) {
  std::string keys;
  for (auto const& [key, value] : context) keys += key + " ";
  return keys;
}

Json nested(std::size_t levels) {
  Json value = 1;
  for (std::size_t i = 0; i < levels; ++i) value = Json::array({std::move(value)});
  return value;
}

struct Order {
  std::int64_t id = 0;
  std::string note;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Order, id, note)
};

}  // namespace

TEST_CASE("a context keeps its keys in the order of their insertion", "[core][context]") {
  Context context{{"z", 1}, {"a", {1, 2}}, {"m", {{"x", true}}}};
  CHECK(keys_of(context) == "z a m ");
  context.put("b", "new");
  context.put("z", 2);
  CHECK(context.to_json() == R"({"z":2,"a":[1,2],"m":{"x":true},"b":"new"})");
  CHECK(context.remove("a"));
  CHECK_FALSE(context.remove("a"));
  context.put("a", nullptr);
  CHECK(context.to_json() == R"({"z":2,"m":{"x":true},"b":"new","a":null})");
  CHECK(context.size() == 4);
  context.clear();
  CHECK(context.empty());
  CHECK(context.to_json() == "{}");
}

TEST_CASE("insert wants a new key, update an old one, put takes both", "[core][context]") {
  Context context{{"k", 1}};
  CHECK_THROWS_WITH(context.insert("k", 2), Contains("'k' exists already") && Contains("put"));
  CHECK_THROWS_WITH(context.update("kk", 2), Contains("no key 'kk'; did you mean 'k'?"));
  CHECK_THROWS_AS(context.update("x", 2), ContextError);
  CHECK(context.get_as<int>("k") == 1);
  context.insert("l", 2);
  context.update("k", 3);
  context.put("k", 4);
  CHECK(context == Context{{"k", 4}, {"l", 2}});
  CHECK_THROWS_AS((Context{{"k", 1}, {"k", 2}}), ContextError);
}

TEST_CASE("reading a missing key names it and those there are", "[core][context]") {
  CHECK_THROWS_WITH(Context{}.get("k"), Contains("'k'") && Contains("empty"));
  Context context{{"order_id", 1}, {"total", 2}};
  CHECK(context.find("order") == nullptr);
  CHECK_THROWS_WITH(context.get_as<int>("order_di"),
                    Contains("did you mean 'order_id'") && Contains("'order_id', 'total'"));
}

TEST_CASE("copies share their content until one of them changes", "[core][context]") {
  Context const original{{"k", 1}, {"l", 2}};
  Context copy = original;
  CHECK(copy.shares_content_with(original));
  CHECK_FALSE(copy.remove("x"));
  CHECK(copy.shares_content_with(original));
  copy.put("k", 5);
  CHECK_FALSE(copy.shares_content_with(original));
  CHECK(original.get_as<int>("k") == 1);
  CHECK(copy.find_shared("l") == original.find_shared("l"));
}

TEST_CASE("distinct copies may be changed by distinct threads", "[core][context]") {
  Context shared;
  for (int i = 0; i < 20; ++i) shared.put("key_" + std::to_string(i), i);
  std::vector<Context> copies(4, shared);
  {
    std::vector<std::jthread> threads;
    for (auto& copy : copies) {
      threads.emplace_back([&copy] {
        for (int i = 0; i < 1'000; ++i) {
          Context const again = copy;
          copy.put("key_" + std::to_string(i % 20), i + again.get_as<int>("key_0") * 0);
        }
      });
    }
    shared.clear();
  }
  for (auto const& copy : copies) CHECK(copy == copies.front());
  CHECK(copies.front().get_as<int>("key_19") == 999);
}

TEST_CASE("contexts are equal by their keys and JSON values, not by order", "[core][context]") {
  CHECK(Context{{"a", 1}, {"b", {{"x", 1}, {"y", 2}}}} ==
        Context{{"b", {{"y", 2}, {"x", 1.0}}}, {"a", 1}});
  CHECK_FALSE(Context{{"a", 1}} == Context{{"a", 2}});
  CHECK_FALSE(Context{{"a", 1}} == Context{{"b", 1}});
  CHECK_FALSE(Context{{"a", nullptr}} == Context{});
  CHECK(Context::from_json("{}") == Context{});
}

TEST_CASE("what a value was it is again after its text was read", "[core][context]") {
  for (char const* const text :
       {R"({"k":9223372036854775807})", R"({"k":-9223372036854775808})",
        R"({"k":18446744073709551615})", R"({"k":1.0})", R"({"k":-0.0})", R"({"k":1e+22})",
        R"({"k":5e-324})", R"({"k":1.7976931348623157e+308})", R"({"k":"ä\u0000\n\"\\/\u001f€😀"})",
        R"({"":[null,true,{"a":[]},{}]})"}) {
    CAPTURE(text);
    CHECK(Context::from_json(text).to_json() == std::string{text});
  }
}

TEST_CASE("doubles come back bit by bit", "[core][context]") {
  std::mt19937_64 random{7};
  for (int i = 0; i < 20'000; ++i) {
    auto const value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    Context context;
    context.put("k", value);
    auto const again = Context::from_json(context.to_json()).get("k");
    REQUIRE(again.is_number_float());
    REQUIRE(std::bit_cast<std::uint64_t>(again.get<double>()) ==
            std::bit_cast<std::uint64_t>(value));
  }
}

TEST_CASE("text that would lose something is refused while it is read", "[core][context]") {
  struct Row {
    char const* text;
    char const* message;
  };
  auto const row = GENERATE(values<Row>({
      {R"({"a":1,"k":18446744073709551616})",
       "key 'k': integer 18446744073709551616 does not fit into 64 bits"},
      {R"({"k":[-9223372036854775809]})", "key 'k': integer -9223372036854775809"},
      {R"({"k":{"n":123456789012345678901234567890}})", "key 'k'"},
      {R"({"k":1e999})", "context key 'k': does not fit into a double"},
      {R"({"k":NaN})", "line 1, column 6"},
      {R"({"k":1} x)", "context: not valid JSON"},
      {"{\"\xff\":1}", "context: not valid JSON"},
      {R"({"":"\ud800"})", "context key '': not valid JSON"},
      {"{\"k\":\"\xff\"}", "context key 'k': not valid JSON"},
      {R"({"k":"\ud800"})", "context key 'k': not valid JSON"},
      {"", "context: not valid JSON"},
      {"[1]", "expected a JSON object, found array"},
      {"null", "expected a JSON object, found null"},
  }));
  CAPTURE(row.text);
  CHECK_THROWS_AS(Context::from_json(row.text), ValidationError);
  CHECK_THROWS_WITH(Context::from_json(row.text), Contains(row.message));
}

TEST_CASE("a key with a NUL in it does not cut off what is said of it", "[core][context]") {
  Context context;
  CHECK_THROWS_WITH(context.put(std::string_view{"a\0b", 3}, std::nan("")),
                    Contains("a\xEF\xBF\xBD"
                             "b': NaN and infinity cannot be stored"));
  CHECK_THROWS_WITH(Context::from_json(R"({"a\u0000b":1e999})"),
                    Contains("a\xEF\xBF\xBD"
                             "b': does not fit into a double"));
}

TEST_CASE("of equal keys in a text the last wins, in the place of the first", "[core][context]") {
  CHECK(Context::from_json(R"({"a":1,"b":{"x":1,"y":2,"x":3},"a":4})").to_json() ==
        R"({"a":4,"b":{"x":3,"y":2}})");
  std::string large = R"({"k":{)";
  for (int i = 0; i < 40; ++i)
    large += "\"" + std::to_string(i % 20) + "\":" + std::to_string(i) + ",";
  auto const context = Context::from_json(large + R"("z":0}})");
  CHECK(context.get("k").size() == 21);
  CHECK(context.get("k")["0"] == 20);
  CHECK(context.get("k").begin().key() == "0");
}

TEST_CASE("values that cannot be stored are refused with their key, and nothing changes",
          "[core][context]") {
  struct Row {
    char const* what;
    Json value;
    char const* message;
  };
  auto const row = GENERATE(values<Row>({
      {"NaN", std::nan(""), "NaN"},
      {"infinity inside", {{"a", {1.0, -std::numeric_limits<double>::infinity()}}}, "infinity"},
      {"text", "\xc0\x80", "not valid UTF-8"},
      {"a surrogate in it", "\xed\xa0\x80", "not valid UTF-8"},
      {"a key inside", {{"\xff", 1}}, "a key inside its value is not valid UTF-8"},
      {"depth", nested(513), "deeper than 512"},
      {"binary", Json::binary({1, 2}), "binary"},
  }));
  CAPTURE(row.what);
  Context context{{"k", 1}};
  CHECK_THROWS_AS(context.put("k", row.value), ValidationError);
  CHECK_THROWS_WITH(context.put("k", row.value),
                    Contains("context key 'k'") && Contains(row.message));
  CHECK_THROWS_AS(context.insert("l", row.value), ValidationError);
  CHECK_THROWS_AS((Context{{"k", row.value}}), ValidationError);
  CHECK_THROWS_AS(Context::from_value(Json{{"k", row.value}}), ValidationError);
  CHECK(context == Context{{"k", 1}});
}

// nlohmann/json copies by recursion: a value of such depth must be refused before that.
TEST_CASE("a value of a hundred thousand levels is refused before it is copied",
          "[core][context]") {
  Json const deep = nested(100'000);
  nlohmann::json plain = 1;
  for (int i = 0; i < 100'000; ++i) plain = nlohmann::json::array({std::move(plain)});
  auto const refused = Contains("context key 'k': nested deeper than 512 levels");
  Context context{{"k", 1}};
  CHECK_THROWS_WITH(context.put("k", deep), refused);
  CHECK_THROWS_WITH(context.update("k", deep), refused);
  CHECK_THROWS_WITH(context.put("k", nested(100'000)), refused);
  CHECK_THROWS_WITH(context.put("k", plain), refused);
  CHECK_THROWS_WITH(context.put("k", std::optional<Json>{nested(100'000)}), refused);
  CHECK_THROWS_WITH((Context{{"k", deep}}), refused);
  CHECK_THROWS_WITH((Context{{"k", nested(100'000)}}), refused);
  CHECK_THROWS_WITH((Context{{"k", plain}}), refused);
  std::vector<Json> several(1);
  several[0] = nested(100'000);
  CHECK_THROWS_WITH(context.put("k", several), refused);
  CHECK_THROWS_WITH((Context{{"k", several}}), refused);
  Json object = Json::object();
  object["k"] = nested(100'000);
  CHECK_THROWS_WITH(Context::from_value(object), refused);
  CHECK(context == Context{{"k", 1}});
}

TEST_CASE("a key that is not UTF-8 is refused, readably", "[core][context]") {
  Context context;
  CHECK_THROWS_WITH(context.put("a\xff", 1),
                    Contains("'a\xEF\xBF\xBD'") && Contains("not valid UTF-8"));
}

TEST_CASE("512 levels are stored and read, 513 are not", "[core][context]") {
  Context context;
  context.put("k", nested(512));
  CHECK(Context::from_json(context.to_json()) == context);
  auto const text = std::string{R"({"k":)"} + std::string(513, '[') + std::string(513, ']') + "}";
  auto const refused = Contains("context key 'k': nested deeper than 512 levels");
  CHECK_THROWS_WITH(Context::from_json(text), refused);
  CHECK_THROWS_WITH(context.put("k", nested(513)), refused);
  CHECK_THROWS_AS(Context::from_json(std::string(1'000'000, '[')), ValidationError);
}

TEST_CASE("types with conversions of their own go in and come out", "[core][context]") {
  Context context{{"order", Order{7, "express"}}};
  context.put("orders", std::vector<Order>{{1, "a"}, {2, "b"}});
  CHECK(context.get_as<Order>("order").note == "express");
  CHECK(context.get_as<std::vector<Order>>("orders").at(1).id == 2);
  CHECK_THROWS_WITH(context.get_as<Order>("orders"),
                    Contains("context key 'orders'") && Contains("does not convert"));
}

TEST_CASE("a table behaves like a list of pairs, whatever is done to it", "[core][context]") {
  std::mt19937_64 random{42};
  for (std::size_t const keys : {5u, 14u, 60u, 500u}) {
    Context context;
    std::vector<std::pair<std::string, int>> expected;
    for (int i = 0; i < 4'000; ++i) {
      auto const key = "k" + std::to_string(random() % keys);
      auto const found = std::find_if(expected.begin(), expected.end(),
                                      [&](auto const& e) { return e.first == key; });
      bool const is_there = found != expected.end();
      REQUIRE(context.contains(key) == is_there);
      // Phases that grow and phases that shrink.
      if (random() % 100 < ((i / 500) % 2 == 0 ? 30u : 70u)) {
        REQUIRE(context.remove(key) == is_there);
        if (is_there) expected.erase(found);
      } else {
        context.put(key, i);
        if (is_there) {
          found->second = i;
        } else {
          expected.emplace_back(key, i);
        }
      }
      REQUIRE(context.size() == expected.size());
      if (i % 97 == 0) {
        std::vector<std::pair<std::string, int>> actual;
        for (auto const& [name, value] : context) actual.emplace_back(name, value.get<int>());
        REQUIRE(actual == expected);
      }
    }
  }
}

TEST_CASE("ten thousand keys take milliseconds, added or removed", "[core][context]") {
  std::vector<std::string> keys;
  for (int i = 0; i < 10'000; ++i) keys.push_back("a_rather_long_name_" + std::to_string(i));
  double fastest = 1e9;
  for (int round = 0; round < 5; ++round) {
    Context context;
    auto const start = std::clock();
    for (auto const& key : keys) context.put(key, 1);
    for (auto const& key : keys) context.remove(key);
    fastest = std::min(fastest, cpu_seconds_since(start));
    CHECK(context.empty());
  }
  CHECK(fastest < 0.1);  // searching them all each time takes 250 ms and more
}
