#include "core/json_text.hpp"

#include <random>

#include <cloacina/error.hpp>

#include "cpu_time.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;

TEST_CASE("text that is written is what nlohmann/json writes", "[core][json]") {
  for (char const* const text :
       {"null", "[]", "{}", R"({"a":[1,-2,true,false,null,"x"],"b":{"c":1.5}})",
        R"("\b\f\n\r\t\"\\/ä€")", "18446744073709551615", "0.1", "-0.0", "1e+300"}) {
    auto const value = Json::parse(text);
    CHECK(to_json_text(value) == value.dump());
  }
  std::string all;
  for (char c = 1; c < 127; ++c) all += c;
  CHECK(to_json_text(Json(all)) == Json(all).dump());
}

TEST_CASE("a double keeps being one", "[core][json]") {
  CHECK(to_json_text(1.0) == "1.0");
  CHECK(to_json_text(1e22) == "1e+22");
  CHECK(to_json_text(123456789.0) == "123456789.0");
  CHECK(parse_json("123456789.0", "value").is_number_float());
}

TEST_CASE("text that is read gives its values, in order", "[core][json]") {
  CHECK(parse_json(R"( {"b":1,"a":[1.5,"x",{}],"c":null} )", "value").dump() ==
        R"({"b":1,"a":[1.5,"x",{}],"c":null})");
  CHECK(parse_json("-9223372036854775808", "value").is_number_integer());
  CHECK(parse_json("18446744073709551615", "value").is_number_unsigned());
}

TEST_CASE("text that is no JSON is refused in the name of what it should be", "[core][json]") {
  for (char const* const text :
       {"", "{", "[1,]", "{\"a\":}", "tru", "1 2", "'a'", "\"\x01\"", "// c\n1"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_json(text, "thing"), ValidationError);
    CHECK_THROWS_WITH(parse_json(text, "thing"), Catch::StartsWith("thing") &&
                                                     Contains(": not valid JSON: ") &&
                                                     !Contains("json.exception"));
  }
  CHECK_THROWS_WITH(parse_json("99999999999999999999", "thing"),
                    Contains("thing: integer 99999999999999999999"));
  auto const nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  CHECK_NOTHROW(parse_json(nested(512), "thing", 0));
  CHECK_NOTHROW(parse_json(nested(514), "thing", 2));
  CHECK_THROWS_WITH(parse_json(nested(513), "thing", 0),
                    Contains("thing: nested deeper than 512 levels"));
  CHECK_THROWS_WITH(parse_json(nested(515), "thing", 2),
                    Contains("thing: nested deeper than 512 levels"));
}

TEST_CASE("an object of fifty thousand keys is read in no time", "[core][json]") {
  std::string text = "{";
  for (int i = 0; i < 50'000; ++i) text += "\"key_" + std::to_string(i) + "\":1,";
  text += "\"end\":{}}";
  auto const start = std::clock();
  CHECK(parse_json(text, "value").size() == 50'001);
  // Looking through all earlier keys for each one takes more than five seconds.
  CHECK(cpu_seconds_since(start) < 1.0);
}

TEST_CASE("whatever text comes, it is read without loss or refused", "[core][json]") {
  std::string const seed_text =
      R"({"id":42,"lines":[{"sku":"ä\u20ac","n":-1.5e3},[],{}],"big":18446744073709551615,"t":true,"z":null,"e":""})";
  constexpr std::string_view alphabet = "{}[]\",:0123456789.-+eE\\u tfn\xc3\xa4\xff";
  std::mt19937_64 random{2013};
  int accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    auto text = seed_text;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      auto const at = random() % text.size();
      auto const c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1 + random() % 3);
          break;
      }
      if (text.empty()) text = "{";
    }
    INFO("text: " << text);
    try {
      auto const value = parse_json(text, "value");
      ++accepted;
      REQUIRE(Json::accept(text));
      auto const written = to_json_text(value);
      REQUIRE(to_json_text(parse_json(written, "value")) == written);
    } catch (ValidationError const& error) {
      // nlohmann/json takes integers of any length, as doubles; everything else it refuses as well.
      bool const is_too_large =
          std::string_view{error.what()}.find("64 bits") != std::string_view::npos;
      REQUIRE((is_too_large || !Json::accept(text)));
    }
  }
  CHECK(accepted > 1'000);
}
