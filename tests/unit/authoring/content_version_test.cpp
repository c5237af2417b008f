// The golden file is shared by all languages that compute content versions. A change of it means
// that runs which are under way meet "another version": only with a new major version.
// CLOACINA_WRITE_GOLDEN=1 writes it anew.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <cloacina/workflow_builder.hpp>
#include <cloacina/workflow_symbol.hpp>

#include "core/content_version.hpp"
#include "core/sha256.hpp"
#include "keys.hpp"
#include "support/catch.hpp"

using namespace cloacina;
using namespace cloacina::test;

namespace {

void nothing(TaskContext<>&) {}

CLOACINA_TASK(extract, .reads = {order_id}, .writes = {lines, optional(note)},
              .retry = {.max_attempts = 5}) {
  context.put(lines, {});
}
CLOACINA_TASK(summarise, .after = {extract}, .reads = {lines}, .writes = {total}, .version = 2) {
  context.put(total, 0.0);
}
CLOACINA_TASK(alarm, .after = {summarise, extract},
              .trigger_rule = when::any(when::task_failed(extract),
                                        when::context_value(total, when::greater_than, 100.5))) {}
CLOACINA_WORKFLOW(one_task, .inputs = {order_id}, .tasks = {extract});
CLOACINA_WORKFLOW(three_tasks, .inputs = {order_id}, .tasks = {alarm, extract, summarise},
                  .description = "orders: \"fast\"", .tags = {{"tier", "1"}, {"team", "billing"}},
                  .version = 3);

struct Example {
  std::string name;
  Workflow workflow;
};

std::vector<Example> examples() {
  return {
      {"the least there is", WorkflowBuilder{"least"}.task("a", nothing).build()},
      {"one task from a macro", one_task.workflow()},
      {"a rule, versions, tags and a description, from macros", three_tasks.workflow()},
      {"keys, dependencies and a body hash, sorted",
       WorkflowBuilder{"sorted"}
           .task("z", {.writes = {"b", "a"}, .body_hash = "0123456789abcdef"}, nothing)
           .task("y", nothing)
           .task("x", {.after = {"z", "y"}, .reads = {"b", "a"}}, nothing)
           .build()},
      {"text beyond ASCII, quotes, control characters", WorkflowBuilder{"naïve 例"}
                                                            .description("tab\t\"quoted\" \\ 😀")
                                                            .tag("ключ", "wert/é")
                                                            .task("tâche", nothing)
                                                            .build()},
      {"literals of every kind",
       WorkflowBuilder{"literals"}
           .task("a", nothing)
           .task("b",
                 {.after = {"a"},
                  .trigger_rule = when::all(
                      when::none(when::task_skipped("a")),
                      when::context_value("k", when::equals, nullptr),
                      when::context_value("k", when::not_equals, true),
                      when::context_value("k", when::less_than, -7),
                      when::context_value("k", when::greater_than, 18'446'744'073'709'551'615u),
                      when::context_value("k", when::equals, 0.1),
                      when::context_value("k", when::contains, "é\""),
                      when::context_value("k", when::not_contains, 1e300),
                      when::context_value("k", when::exists),
                      when::context_value("k", when::not_exists), when::always(), when::any())},
                 nothing)
           .build()},
  };
}

std::string golden_path() {
  std::string const here = __FILE__;
  return here.substr(0, here.rfind('/') + 1) + "content_versions.json";
}

Json computed() {
  Json list = Json::array();
  for (auto const& [name, workflow] : examples())
    list.push_back({{"example", name},
                    {"version", workflow.version()},
                    {"canonical", canonical_json(workflow.data())},
                    {"workflow", Json::parse(workflow.to_json())}});
  return list;
}

}  // namespace

TEST_CASE("content versions are those of the golden file", "[authoring][version]") {
  Json const now = computed();
  if (std::getenv("CLOACINA_WRITE_GOLDEN")) std::ofstream{golden_path()} << now.dump(2) << '\n';
  std::ifstream file{golden_path()};
  REQUIRE(file);
  Json const golden = Json::parse(file);
  REQUIRE(golden.size() == now.size());
  for (std::size_t i = 0; i < golden.size(); ++i) {
    CHECK(now[i].at("canonical") == golden[i].at("canonical"));
    CHECK(now[i].at("version") == golden[i].at("version"));
    CHECK(Workflow::from_json(golden[i].at("workflow").dump()).version() ==
          golden[i].at("version"));
  }
}

TEST_CASE("a content version is the first 16 digits of the hash of the canonical JSON",
          "[authoring][version]") {
  for (auto const& [name, workflow] : examples())
    CHECK(workflow.version() == sha256_hex(canonical_json(workflow.data())).substr(0, 16));
}

TEST_CASE("the order in which tasks and tags are listed does not matter", "[authoring][version]") {
  auto const one = WorkflowBuilder{"w"}
                       .tag("a", "1")
                       .tag("b", "2")
                       .task("x", nothing)
                       .task("y", nothing)
                       .build();
  auto const other = WorkflowBuilder{"w"}
                         .tag("b", "2")
                         .tag("a", "1")
                         .task("y", nothing)
                         .task("x", nothing)
                         .build();
  CHECK(one.version() == other.version());
}

TEST_CASE("a macro and the builder give one content one version", "[authoring][version]") {
  auto const built =
      WorkflowBuilder{"one_task"}
          .input("order_id")
          .task("extract", {.reads = {"order_id"}, .writes = {"note", "lines"}}, nothing)
          .build();
  CHECK(built.version() == one_task.workflow().version());
}
