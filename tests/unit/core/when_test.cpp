#include <cloacina/when.hpp>

#include "support/catch.hpp"

using namespace cloacina;

namespace {

struct Symbol {
  static constexpr std::string_view name = "symbol";
};
struct Reference {
  std::string_view name;
};

template <std::size_t... I>
constexpr when::Rule wide(std::index_sequence<I...>) {
  return when::all(((void)I, when::always())...);
}

constexpr auto rule = when::any(when::task_failed(Symbol{}), when::all(when::task_success("text")),
                                when::context_value(Reference{"key"}, when::greater_than, 100.0));

}  // namespace

static_assert(rule.size == 5);
static_assert(rule.nodes[0].kind == when::Kind::failed && rule.nodes[0].name == "symbol");
static_assert(rule.nodes[1].kind == when::Kind::success && rule.nodes[1].name == "text");
static_assert(rule.nodes[2].kind == when::Kind::all && rule.nodes[2].arity == 1);
static_assert(rule.nodes[3].name == "key" && std::get<double>(rule.nodes[3].literal) == 100.0);
static_assert(rule.nodes[4].kind == when::Kind::any && rule.nodes[4].arity == 3);
static_assert(when::none_failed().is_default() && when::Rule{}.is_default() &&
              !when::always().is_default());

TEST_CASE("literals keep their type and value", "[core][rules]") {
  auto const literal = [](auto const& value) {
    return when::context_value("k", when::equals, value).nodes[0].literal;
  };
  CHECK(literal(true) == when::Literal{true});
  CHECK(literal(nullptr) == when::Literal{nullptr});
  CHECK(literal(-1) == when::Literal{std::int64_t{-1}});
  CHECK(literal(7u) == when::Literal{std::int64_t{7}});
  CHECK(literal(UINT64_MAX) == when::Literal{UINT64_MAX});
  CHECK(literal(1.5f) == when::Literal{1.5});
  CHECK(literal("text") == when::Literal{std::string_view{"text"}});
  CHECK(when::context_value("k", when::exists).nodes[0].literal == when::Literal{nullptr});
}

TEST_CASE("a rule has room for 32 nodes and says so when it is full", "[core][rules]") {
  static_assert(wide(std::make_index_sequence<31>{}).size == 32);
  auto const full = wide(std::make_index_sequence<30>{});
  CHECK_THROWS_AS(when::all(full, when::always()), ValidationError);
  CHECK_THROWS_WITH(when::all(full, when::always()), Catch::Contains("more than 32 nodes"));
}

TEST_CASE("the default rule cannot be a part of another", "[core][rules]") {
  CHECK_THROWS_AS(when::any(when::none_failed()), ValidationError);
}
