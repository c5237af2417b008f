#include "core/nearest.hpp"

#include "support/catch.hpp"

using namespace cloacina;

TEST_CASE("the distance of two names counts slips of the finger", "[core][nearest]") {
  struct Row {
    char const* a;
    char const* b;
    std::size_t distance;
  };
  auto const [a, b, distance] = GENERATE(values<Row>({
      {"", "", 0},
      {"load", "load", 0},
      {"Load", "lOAD", 0},
      {"", "abc", 3},
      {"load", "laod", 1},
      {"load", "lad", 1},
      {"load", "loads", 1},
      {"load", "lock", 2},
      {"kitten", "sitting", 3},
      {"abcdef", "ghijkl", 6},
  }));
  CAPTURE(a, b);
  CHECK(edit_distance(a, b, 10) == distance);
  CHECK(edit_distance(b, a, 10) == distance);
  if (distance > 0) CHECK(edit_distance(a, b, distance - 1) == distance);
}

TEST_CASE("what is near is suggested, nearest first, and nothing else", "[core][nearest]") {
  std::vector<std::string> const names{"extract", "extract_orders", "load", "loan", "transform"};
  CHECK(did_you_mean("extrcat", names) == "; did you mean 'extract'?");
  CHECK(did_you_mean("loa", names) == "; did you mean 'load' or 'loan'?");
  CHECK(did_you_mean("extract_order", names) == "; did you mean 'extract_orders' or 'extract'?");
  CHECK(did_you_mean("something", names).empty());
  CHECK(did_you_mean("", names).empty());
  CHECK(did_you_mean("load", std::vector<std::string>{}).empty());
  CHECK(did_you_mean(std::string(5'000, 'x'), names).empty());
}

TEST_CASE("a long list is cut, and says so", "[core][nearest]") {
  std::vector<std::string> const names{"a", "b", "c"};
  CHECK(list_of(names, 3) == "'a', 'b', 'c'");
  CHECK(list_of(names, 1) == "'a' and 2 more");
  CHECK(list_of(std::vector<std::string>{}, 3).empty());
}
