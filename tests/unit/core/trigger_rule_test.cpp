#include <cloacina/trigger_rule.hpp>

#include <limits>
#include <map>

#include <cloacina/context.hpp>
#include <cloacina/error.hpp>

#include "core/trigger_rules.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;
namespace when = cloacina::when;

namespace {

/// What a rule sees: the states of tasks `completed`, `failed`, `skipped`, `cancelled`, and a
/// context.
bool holds(TriggerRule const& rule, Context const& context = {}) {
  static std::map<std::string, TaskStatus, std::less<>> const states{
      {"completed", TaskStatus::completed},
      {"failed", TaskStatus::failed},
      {"skipped", TaskStatus::skipped},
      {"cancelled", TaskStatus::cancelled}};
  return rule.holds([](std::string_view task) { return states.find(task)->second; },
                    [&](std::string_view key) { return context.find(key); });
}

bool compares(char const* value, when::Operator op, char const* literal) {
  auto const right = Json::parse(literal);
  if (value == nullptr) return compare(nullptr, op, right);
  auto const left = Json::parse(value);
  return compare(&left, op, right);
}

constexpr auto succeeded = when::task_success("completed");
constexpr auto lost = when::task_success("failed");

}  // namespace

TEST_CASE("a rule about a task holds for its one state", "[core][rules]") {
  struct Row {
    char const* task;
    bool success, failed, skipped;
  };
  auto const row = GENERATE(values<Row>({{"completed", true, false, false},
                                         {"failed", false, true, false},
                                         {"skipped", false, false, true},
                                         {"cancelled", false, false, false}}));
  CHECK(holds(when::task_success(row.task)) == row.success);
  CHECK(holds(when::task_failed(row.task)) == row.failed);
  CHECK(holds(when::task_skipped(row.task)) == row.skipped);
}

TEST_CASE("combinations hold by what they combine", "[core][rules]") {
  CHECK(holds(when::always()));
  CHECK(holds(when::all()));
  CHECK_FALSE(holds(when::any()));
  CHECK(holds(when::none()));
  CHECK(holds(when::all(succeeded, succeeded)));
  CHECK_FALSE(holds(when::all(succeeded, lost)));
  CHECK(holds(when::any(lost, succeeded)));
  CHECK_FALSE(holds(when::any(lost, lost)));
  CHECK(holds(when::none(lost, lost)));
  CHECK_FALSE(holds(when::none(lost, succeeded)));
}

TEST_CASE("combinations nest at will", "[core][rules]") {
  CHECK(holds(when::all(when::any(lost, when::none(lost)), succeeded,
                        when::none(when::all(succeeded, lost)))));
  CHECK_FALSE(holds(when::all(when::any(lost, when::none(succeeded)), succeeded)));
  CHECK(holds(when::any(when::any(), when::all(when::all()))));
}

TEST_CASE("values are compared as their operator says", "[core][rules]") {
  using enum when::Operator;
  struct Row {
    char const* value;  // null: no such key
    when::Operator op;
    char const* literal;
    bool holds;
  };
  auto const row = GENERATE(values<Row>({
      {"1", equals, "1", true},
      {"1", equals, "1.0", true},
      {"1", equals, "\"1\"", false},
      {"null", equals, "null", true},
      {nullptr, equals, "null", false},
      {"[1,{\"a\":2}]", equals, "[1,{\"a\":2}]", true},
      {"1", not_equals, "2", true},
      {"1", not_equals, "1", false},
      {nullptr, not_equals, "1", true},
      {"2", greater_than, "1", true},
      {"1", greater_than, "1", false},
      {"1.5", greater_than, "1", true},
      {"\"b\"", greater_than, "\"a\"", false},
      {"true", greater_than, "0", false},
      {nullptr, greater_than, "0", false},
      {"1", less_than, "2", true},
      {"-1", less_than, "18446744073709551615", true},
      {"2", less_than, "2", false},
      {"null", less_than, "1", false},
      {nullptr, less_than, "1", false},
      {"\"an order\"", contains, "\"order\"", true},
      {"\"an order\"", contains, "\"Order\"", false},
      {"\"text\"", contains, "\"\"", true},
      {"[1,2.0]", contains, "2", true},
      {"[[1]]", contains, "1", false},
      {"[\"a\"]", contains, "\"a\"", true},
      {"{\"k\":1}", contains, "\"k\"", true},
      {"{\"k\":1}", contains, "\"x\"", false},
      {"{\"k\":1}", contains, "1", false},
      {"12", contains, "1", false},
      {nullptr, contains, "\"a\"", false},
      {"[1]", not_contains, "2", true},
      {"[1]", not_contains, "1", false},
      {nullptr, not_contains, "1", true},
      {"null", exists, "null", true},
      {nullptr, exists, "null", false},
      {nullptr, not_exists, "null", true},
      {"0", not_exists, "null", false},
  }));
  CAPTURE(row.value == nullptr ? "missing" : row.value, to_string(row.op), row.literal);
  CHECK(compares(row.value, row.op, row.literal) == row.holds);
}

TEST_CASE("a rule reads the context by its key", "[core][rules]") {
  Context const context{{"total", 120.5}, {"tags", {"eu", "new"}}};
  CHECK(holds(when::context_value("total", when::greater_than, 100), context));
  CHECK(holds(when::context_value("tags", when::contains, "eu"), context));
  CHECK(holds(when::context_value("absent", when::not_exists), context));
  CHECK_FALSE(holds(when::context_value("absent", when::exists), context));
}

TEST_CASE("the default rule is stopped by failures, and by skips that a failure caused",
          "[core][rules]") {
  CHECK(TriggerRule{}.is_default());
  CHECK(TriggerRule{when::none_failed()}.is_default());
  CHECK_FALSE(TriggerRule{when::always()}.is_default());
  CHECK(hands_on_failure(TaskStatus::failed, false));
  CHECK(hands_on_failure(TaskStatus::cancelled, false));
  CHECK(hands_on_failure(TaskStatus::skipped, true));
  CHECK_FALSE(hands_on_failure(TaskStatus::skipped, false));
  CHECK_FALSE(hands_on_failure(TaskStatus::completed, false));
  CHECK(upstream_failed("load") == "upstream_failed: load");
  CHECK(tells_of_failure(upstream_failed("load")));
  CHECK_FALSE(tells_of_failure(rule_does_not_hold(when::always())));
}

TEST_CASE("a skip says in the words of the author which rule did not hold", "[core][rules]") {
  TriggerRule const rule = when::all(when::any(when::task_failed("load"), when::always()),
                                     when::context_value("total", when::greater_than, 1.5),
                                     when::context_value("name", when::exists), when::none());
  CHECK(rule_does_not_hold(rule) ==
        "trigger rule does not hold: all(any(task_failed('load'), always()), "
        "context_value('total', greater_than, "
        "1.5), context_value('name', exists), none())");
  CHECK(describe(TriggerRule{}) == "none_failed()");
}

TEST_CASE("a rule knows the tasks that it names", "[core][rules]") {
  TriggerRule const rule =
      when::any(when::task_failed("b"), when::task_success("a"), when::task_skipped("b"),
                when::context_value("key", when::equals, "c"));
  CHECK(rule.tasks() == std::vector<std::string>{"b", "a"});
  CHECK(rule.names_failure_of("b"));
  CHECK_FALSE(rule.names_failure_of("a"));
  CHECK(TriggerRule{}.tasks().empty());
}

TEST_CASE("a literal that JSON does not hold is refused", "[core][rules]") {
  CHECK_THROWS_AS(
      TriggerRule{when::context_value("k", when::equals, std::numeric_limits<double>::quiet_NaN())},
      ValidationError);
  CHECK_THROWS_AS(TriggerRule{when::context_value("k", when::equals, "\xff")}, ValidationError);
}

TEST_CASE("operators are read in all their spellings", "[core][rules]") {
  CHECK(operator_from("Equals") == when::equals);
  CHECK(operator_from("not_contains") == when::not_contains);
  CHECK(operator_from("==") == when::equals);
  CHECK(operator_from("!=") == when::not_equals);
  CHECK(operator_from(">") == when::greater_than);
  CHECK(operator_from("<") == when::less_than);
  CHECK_THROWS_WITH(operator_from("equal"),
                    Contains("'equal'") && Contains("did you mean 'Equals'"));
  CHECK_THROWS_AS(operator_from(">="), ValidationError);
}
