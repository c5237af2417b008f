#include <cloacina/error.hpp>
#include <cloacina/trigger_rule.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;
namespace when = cloacina::when;

TEST_CASE("rules are written as JSON and read again", "[core][rules]") {
  struct Row {
    TriggerRule rule;
    char const* json;
  };
  auto const row = GENERATE(values<Row>({
      {TriggerRule{}, R"({"type":"NoneFailed"})"},
      {when::always(), R"({"type":"Always"})"},
      {when::task_success("a"), R"({"type":"TaskSuccess","task_name":"a"})"},
      {when::task_failed("a"), R"({"type":"TaskFailed","task_name":"a"})"},
      {when::task_skipped("a"), R"({"type":"TaskSkipped","task_name":"a"})"},
      {when::context_value("k", when::equals, "v"),
       R"({"type":"ContextValue","key":"k","operator":"Equals","value":"v"})"},
      {when::context_value("k", when::less_than, 2.0),
       R"({"type":"ContextValue","key":"k","operator":"LessThan","value":2.0})"},
      {when::context_value("k", when::not_equals, UINT64_MAX),
       R"({"type":"ContextValue","key":"k","operator":"NotEquals","value":18446744073709551615})"},
      {when::context_value("k", when::not_exists),
       R"({"type":"ContextValue","key":"k","operator":"NotExists","value":null})"},
      {when::any(), R"({"type":"Any","conditions":[]})"},
      {when::all(when::none(when::always(), when::task_failed("a")), when::any(when::always())),
       R"({"type":"All","conditions":[{"type":"None","conditions":[{"type":"Always"},{"type":"TaskFailed","task_name":"a"}]},{"type":"Any","conditions":[{"type":"Always"}]}]})"},
  }));
  CHECK(row.rule.to_json().dump() == row.json);
  CHECK(TriggerRule::from_json(Json::parse(row.json)).to_json().dump() == row.json);
}

TEST_CASE("JSON that is no rule is refused, saying where", "[core][rules]") {
  struct Row {
    char const* json;
    char const* message;
  };
  auto const row = GENERATE(values<Row>({
      {"null", "trigger rule: expected an object with a 'type', found null"},
      {"[]", "found array"},
      {"{}", "'type' is missing"},
      {R"({"type":1})", "'type' is not a text"},
      {R"({"type":"Sometimes"})", "unknown type 'Sometimes'; the types are 'NoneFailed', 'Always'"},
      {R"({"type":"always"})", "unknown type 'always'"},
      {R"({"type":"TaskSuccess"})", "'task_name' is missing"},
      {R"({"type":"TaskSuccess","task_name":""})", "'task_name' is not a text"},
      {R"({"type":"TaskSuccess","task_name":["a"]})", "'task_name' is not a text"},
      {R"({"type":"TaskFailed","task_name":"a","extra":1})", "unknown member 'extra'"},
      {R"({"type":"Always","conditions":[]})", "unknown member 'conditions'"},
      {R"({"type":"All"})", "'conditions' is missing"},
      {R"({"type":"All","conditions":{}})", "'conditions' is not an array"},
      {R"({"type":"All","conditions":[{"type":"Always"},{"type":"Any","conditions":[3]}]})",
       "trigger rule at conditions[1].conditions[0]: expected an object"},
      {R"({"type":"Any","conditions":[{"type":"NoneFailed"}]})", "cannot be a part of one"},
      {R"({"type":"NoneFailed","x":1})", "unknown member 'x'"},
      {R"({"type":"ContextValue","key":"k","operator":"Equals"})", "'value' is missing"},
      {R"({"type":"ContextValue","operator":"Equals","value":1})", "'key' is missing"},
      {R"({"type":"ContextValue","key":"k","operator":"Equal","value":1})",
       "did you mean 'Equals'"},
      {R"({"type":"ContextValue","key":"k","operator":3,"value":1})", "'operator' is not a text"},
  }));
  CAPTURE(row.json);
  CHECK_THROWS_AS(TriggerRule::from_json(Json::parse(row.json)), ValidationError);
  CHECK_THROWS_WITH(TriggerRule::from_json(Json::parse(row.json)), Contains(row.message));
}

TEST_CASE("a rule may be 64 levels deep, and wide as it likes", "[core][rules]") {
  auto const nested = [](int levels) {
    Json rule{{"type", "Always"}};
    for (int i = 0; i < levels; ++i)
      rule = Json{{"type", "All"}, {"conditions", Json::array({rule})}};
    return rule;
  };
  CHECK(TriggerRule::from_json(nested(64)).nodes().size() == 65);
  CHECK_THROWS_WITH(TriggerRule::from_json(nested(65)), Contains("nested deeper than 64"));
  CHECK_THROWS_AS(TriggerRule::from_json(nested(400)), ValidationError);

  Json wide{{"type", "None"}, {"conditions", Json::array()}};
  for (int i = 0; i < 10'000; ++i)
    wide["conditions"].push_back({{"type", "TaskFailed"}, {"task_name", "t"}});
  auto const rule = TriggerRule::from_json(wide);
  CHECK(rule.holds([](std::string_view) { return TaskStatus::completed; },
                   [](std::string_view) { return nullptr; }));
  CHECK(rule.to_json() == wide);
}

TEST_CASE("existence needs no value in JSON", "[core][rules]") {
  auto const rule = TriggerRule::from_json(
      Json::parse(R"({"type":"ContextValue","key":"k","operator":"exists"})"));
  CHECK(rule.to_json()["operator"] == "Exists");
}
