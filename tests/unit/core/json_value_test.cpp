#include <cloacina/detail/json_value.hpp>

#include <limits>

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;
using detail::decode;
using detail::encode;

namespace types {

enum class Colour : std::uint8_t { red = 1, green = 2 };
enum class Size { small, large };
NLOHMANN_JSON_SERIALIZE_ENUM(Size, {{Size::small, "small"}, {Size::large, "large"}})

struct Line {
  int quantity = 0;
  double price = 0;
  friend bool operator==(Line const&, Line const&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Line, quantity, price)

struct Opaque {};

}  // namespace types

namespace {

template <class T>
void round_trip(T const& value, std::string const& text) {
  auto const json = encode("k", value);
  CHECK(json.dump() == text);
  CHECK(decode<T>("k", Json::parse(text)) == value);
}

}  // namespace

static_assert(detail::JsonConvertible<std::map<int, std::optional<std::vector<types::Line>>>>);
static_assert(detail::JsonConvertible<std::tuple<int, std::string, Json>>);
static_assert(detail::JsonConvertible<nlohmann::json>);
static_assert(!detail::JsonConvertible<types::Opaque>);
static_assert(!detail::JsonConvertible<std::vector<types::Opaque>>);
static_assert(!detail::JsonConvertible<int*>);
static_assert(!detail::JsonConvertible<std::string_view>, "would look at what is gone");

TEST_CASE("values of C++ become JSON and come back", "[core][json]") {
  round_trip(true, "true");
  round_trip(std::int8_t{-5}, "-5");
  round_trip(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
  round_trip(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  round_trip(2.5f, "2.5");
  round_trip(std::string{"ä"}, R"("ä")");
  round_trip(std::optional<int>{}, "null");
  round_trip(std::optional<int>{3}, "3");
  round_trip(std::vector<bool>{true, false}, "[true,false]");
  round_trip(std::array<int, 2>{1, 2}, "[1,2]");
  round_trip(std::set<std::string>{"a", "b"}, R"(["a","b"])");
  round_trip(std::map<std::string, int>{{"a", 1}, {"b", 2}}, R"({"a":1,"b":2})");
  round_trip(std::map<int, double>{{1, 10.0}, {2, 2.5}}, "[[1,10.0],[2,2.5]]");
  round_trip(std::pair<int, std::string>{1, "x"}, R"([1,"x"])");
  round_trip(std::tuple<int, bool, std::string>{1, true, "x"}, R"([1,true,"x"])");
  round_trip(types::Colour::green, "2");
  round_trip(types::Size::large, R"("large")");
  round_trip(std::vector<types::Line>{{1, 2.5}}, R"([{"price":2.5,"quantity":1}])");
  CHECK(encode("k", "text").dump() == R"("text")");
  CHECK(encode("k", std::string_view{"view"}).dump() == R"("view")");
  CHECK(encode("k", nullptr).is_null());
  CHECK(encode("k", Json{{"b", 1}, {"a", 2}}).dump() == R"({"b":1,"a":2})");
}

TEST_CASE("an integer is read only where it fits", "[core][json]") {
  CHECK(decode<std::int8_t>("k", 127) == 127);
  CHECK(decode<std::int64_t>("k", 3.0) == 3);
  CHECK(decode<std::uint64_t>("k", 1e19) == 10'000'000'000'000'000'000u);
  CHECK(decode<std::int64_t>("k", -9223372036854775808.0) ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(decode<char>("k", 65) == 'A');

  CHECK_THROWS_WITH(decode<std::int8_t>("k", 128),
                    Contains("key 'k': 128 does not fit") && Contains("-128 to 127"));
  CHECK_THROWS_WITH(decode<std::uint32_t>("k", -1),
                    Contains("does not fit") && Contains("0 to 4294967295"));
  CHECK_THROWS_AS(decode<std::int64_t>("k", std::uint64_t{1} << 63), ContextError);
  CHECK_THROWS_AS(decode<std::int64_t>("k", 9223372036854775808.0), ContextError);
  CHECK_THROWS_AS(decode<std::uint64_t>("k", 18446744073709551616.0), ContextError);
  CHECK_THROWS_AS(decode<std::uint64_t>("k", -1.0), ContextError);
  CHECK_THROWS_WITH(decode<int>("k", 2.5), Contains("expected an integer, found 2.5"));
  CHECK_THROWS_AS(decode<int>("k", true), ContextError);
  CHECK_THROWS_AS(decode<int>("k", "1"), ContextError);
  CHECK_THROWS_AS(decode<types::Colour>("k", 256), ContextError);
}

TEST_CASE("and so inside containers, where the error says at which place", "[core][json]") {
  CHECK_THROWS_WITH(decode<std::vector<std::int8_t>>("k", Json::parse("[1,300]")),
                    Contains("'k[1]': 300"));
  CHECK_THROWS_WITH((decode<std::map<std::string, std::vector<std::uint8_t>>>(
                        "k", Json::parse(R"({"a":[1],"b":[-1]})"))),
                    Contains("'k.b[0]': -1"));
  CHECK_THROWS_WITH((decode<std::map<int, std::int8_t>>("k", Json::parse("[[1,1000]]"))),
                    Contains("'k[0][1]': 1000"));
  CHECK_THROWS_AS(decode<std::optional<std::int8_t>>("k", 300), ContextError);
  CHECK_THROWS_AS((decode<std::pair<int, std::int8_t>>("k", Json::parse("[1,300]"))), ContextError);
  CHECK_THROWS_AS((decode<std::vector<double>>("k", Json::parse(R"([1,"2"])"))), ContextError);
}

TEST_CASE("another type than asked for is an error that says both", "[core][json]") {
  CHECK_THROWS_WITH(decode<std::string>("k", 1), Contains("expected text, found 1"));
  CHECK_THROWS_WITH(decode<bool>("k", 0), Contains("expected true or false, found 0"));
  CHECK_THROWS_WITH(decode<double>("k", nullptr), Contains("expected a number, found null"));
  CHECK_THROWS_WITH(decode<std::vector<int>>("k", Json::object()),
                    Contains("expected an array, found an object"));
  CHECK_THROWS_WITH((decode<std::array<int, 2>>("k", Json::parse("[1]"))),
                    Contains("array of 2 elements, found an array of 1"));
  CHECK_THROWS_WITH((decode<std::map<std::string, int>>("k", Json::array())),
                    Contains("expected an object"));
  CHECK_THROWS_WITH(decode<types::Line>("k", Json{{"quantity", 1}}),
                    Contains("does not convert") && Contains("price"));
  CHECK_THROWS_AS(decode<float>("k", 1e300), ContextError);
  try {
    (void)decode<std::vector<int>>("key", Json::parse("[true]"));
  } catch (ContextError const& error) {
    CHECK(error.where() == "key");
  }
}
