#include <cloacina/detail/context_delta.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;
using detail::ContextDelta;

TEST_CASE("a delta is stored as what was set and what was removed", "[core][context]") {
  CHECK(ContextDelta{}.to_json() == "{}");
  CHECK(ContextDelta{Context{{"a", nullptr}}, {}}.to_json() == R"({"set":{"a":null}})");
  CHECK(ContextDelta{{}, {"b", "c\""}}.to_json() == R"({"removed":["b","c\""]})");
  CHECK(ContextDelta{Context{{"a", 1}}, {"b"}}.to_json() == R"({"set":{"a":1},"removed":["b"]})");
}

TEST_CASE("a delta is read as it was stored", "[core][context]") {
  for (char const* const text :
       {"{}", R"({"set":{"z":1,"a":18446744073709551615}})", R"({"removed":["x"]})",
        R"({"set":{"a":{"b":[1.0]}},"removed":["x","y"]})"}) {
    CHECK(ContextDelta::from_json(text).to_json() == std::string{text});
  }
  CHECK(ContextDelta::from_json("{}").empty());
}

TEST_CASE("a value of 512 levels fits into a delta", "[core][context]") {
  auto const text = R"({"set":{"k":)" + std::string(512, '[') + std::string(512, ']') + "}}";
  CHECK(ContextDelta::from_json(text).to_json() == text);
  auto const deeper = R"({"set":{"k":)" + std::string(513, '[') + std::string(513, ']') + "}}";
  CHECK_THROWS_WITH(ContextDelta::from_json(deeper), Contains("nested deeper than 512 levels"));
}

TEST_CASE("what is no delta is refused", "[core][context]") {
  for (char const* const text :
       {"", "[]", "null", R"({"set":[]})", R"({"removed":{}})", R"({"removed":[1]})",
        R"({"other":1})", R"({"set":{"a":1},"removed":["a"]})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(ContextDelta::from_json(text), ValidationError);
  }
}
