#include "core/json_rules.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace cloacina;

namespace {

std::partial_ordering reversed(std::partial_ordering order) {
  if (order < 0) return std::partial_ordering::greater;
  if (order > 0) return std::partial_ordering::less;
  return order;
}

}  // namespace

TEST_CASE("JSON values are equal by what they say", "[core][json]") {
  struct Row {
    char const* a;
    char const* b;
    bool equal;
  };
  auto const [a, b, equal] = GENERATE(values<Row>({
      {"1", "1.0", true},
      {"0", "-0.0", true},
      {"1", "true", false},
      {"0", "null", false},
      {"1", "\"1\"", false},
      {"18446744073709551615", "-1", false},
      {"9007199254740993", "9007199254740992.0", false},
      {"18446744073709551615", "18446744073709551616.0", false},
      {"-9223372036854775808", "-9223372036854775808.0", true},
      {R"({"a":1,"b":[{"x":1,"y":2}]})", R"({"b":[{"y":2,"x":1}],"a":1.0})", true},
      {R"({"a":1})", R"({"a":1,"b":null})", false},
      {R"({"a":1,"b":2})", R"({"a":1,"c":2})", false},
      {"[1,2]", "[2,1]", false},
      {"[1,2]", "[1,2,3]", false},
      {"[]", "{}", false},
  }));
  CAPTURE(a, b);
  auto const left = Json::parse(a);
  auto const right = Json::parse(b);
  CHECK(json_equal(left, right) == equal);
  CHECK(json_equal(right, left) == equal);
  CHECK(json_equal(left, left));
  if (equal) CHECK(json_hash(left) == json_hash(right));
}

TEST_CASE("large objects are compared in any order", "[core][json]") {
  Json forwards = Json::object();
  Json backwards = Json::object();
  for (int i = 0; i < 100; ++i) {
    forwards["k" + std::to_string(i)] = i;
    backwards["k" + std::to_string(99 - i)] = 99 - i;
  }
  CHECK(json_equal(forwards, backwards));
  CHECK(json_hash(forwards) == json_hash(backwards));
  backwards["k50"] = "other";
  CHECK_FALSE(json_equal(forwards, backwards));
}

TEST_CASE("numbers are ordered by their exact value", "[core][json]") {
  constexpr auto less = std::partial_ordering::less;
  constexpr auto same = std::partial_ordering::equivalent;
  constexpr auto none = std::partial_ordering::unordered;
  struct Row {
    Json a, b;
    std::partial_ordering order;
  };
  auto const row = GENERATE_COPY(values<Row>({
      {1, 2, less},
      {-1, std::uint64_t{1}, less},
      {-1, std::numeric_limits<std::uint64_t>::max(), less},
      {std::numeric_limits<std::int64_t>::max(), std::uint64_t{1} << 63, less},
      {1, 1.5, less},
      {-2, -1.5, less},
      {-1.5, -1, less},
      {9007199254740992.0, 9007199254740993, less},
      {std::numeric_limits<std::uint64_t>::max(), 18446744073709551616.0, less},
      {-1e300, std::numeric_limits<std::int64_t>::min(), less},
      {3, 3.0, same},
      {0, std::uint64_t{0}, same},
      {7, std::uint64_t{7}, same},
      {1.5, 1.5, same},
      {1, "2", none},
      {true, 2, none},
      {nullptr, nullptr, none},
  }));
  CAPTURE(row.a, row.b);
  CHECK(compare_numbers(row.a, row.b) == row.order);
  CHECK(compare_numbers(row.b, row.a) == reversed(row.order));
}
