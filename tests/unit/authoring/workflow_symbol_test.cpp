#include <algorithm>

#include <cloacina/workflow_symbol.hpp>

#include "declared_tasks.hpp"
#include "keys.hpp"
#include "support/catch.hpp"
#include "task_run_fixture.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

void succeeded(std::string_view, Context const&) {}
void failed(std::string_view, std::string_view, Context const&) {}

CLOACINA_TASK(extract, .reads = {order_id}, .writes = {lines, optional(note)},
              .retry = {.max_attempts = 5, .initial_delay = 250ms}, .timeout = 5s,
              .on_success = succeeded, .on_failure = failed, .priority = -3, .version = 2,
              .description = "gets the lines") {
  context.put(lines, {});
}
CLOACINA_TASK(summarise, .after = {extract}, .reads = {lines}, .writes = {total},
              .trigger_rule = when::any(when::task_success(extract),
                                        when::context_value(lines, when::exists)),
              .id = "sum-up") {
  context.put(total, 0.0);
}
CLOACINA_TASK(report, .after = {"sum-up", declared}, .reads = {total}, .merges = {total},
              .execution = at_most_once) {}

CLOACINA_WORKFLOW(order_pipeline, .inputs = {order_id},
                  .tasks = {report, declared, summarise, extract}, .description = "orders",
                  .tags = {{"team", "billing"}, {"tier", "1"}}, .version = 4, .timeout = 2min);

CLOACINA_TASK(alone) {}
CLOACINA_WORKFLOW(typed_inputs, .inputs = {small, flag, address, note}, .tasks = {alone});
CLOACINA_WORKFLOW(no_inputs, .tasks = {alone});
CLOACINA_TASK(badly_retried, .retry = {.max_attempts = 5000, .factor = 0.0}) {}
CLOACINA_WORKFLOW(badly_configured, .tasks = {badly_retried});

}  // namespace

TEST_CASE("a task's options arrive in its definition", "[authoring][symbol]") {
  auto const& task = order_pipeline.workflow().task("extract");
  CHECK(task.description == "gets the lines");
  CHECK(task.reads == std::vector<KeyUse>{order_id});
  CHECK(task.writes == std::vector<KeyUse>{lines, optional(note)});
  CHECK(task.retry.max_attempts == 5);
  CHECK(task.retry.initial_delay == 250ms);
  CHECK(task.timeout == 5s);
  CHECK(task.on_success);
  CHECK(task.on_failure);
  CHECK(task.priority == -3);
  CHECK(task.version == 2);
  CHECK(task.execution == at_least_once);
  CHECK(task.trigger_rule.is_default());
  REQUIRE(task.body);
  CHECK(task.body->run);
  CHECK_FALSE(task.body->co_run);
}

TEST_CASE("options that are left out have their defaults", "[authoring][symbol]") {
  auto const& task = order_pipeline.workflow().task("sum-up");
  CHECK(task.dependencies == std::vector<std::string>{"extract"});
  CHECK_FALSE(task.timeout.has_value());
  CHECK_FALSE(task.on_success);
  CHECK(task.retry.max_attempts == 3);
  CHECK(task.version == 1);
  CHECK(task.trigger_rule.tasks() == std::vector<std::string>{"extract"});
  CHECK(order_pipeline.workflow().task("report").retry.max_attempts == 1);  // at most once
  CHECK(order_pipeline.workflow().task("report").merges == std::vector<std::string>{"total"});
}

TEST_CASE("a workflow's options arrive in the workflow, tasks in their order",
          "[authoring][symbol]") {
  auto const& workflow = order_pipeline.workflow();
  CHECK(workflow.name() == "order_pipeline");
  CHECK(workflow.description() == "orders");
  CHECK(workflow.tags() ==
        std::vector<std::pair<std::string, std::string>>{{"team", "billing"}, {"tier", "1"}});
  CHECK(workflow.data().declared_version == 4);
  CHECK(workflow.data().timeout == 2min);
  CHECK(workflow.data().inputs == std::vector<KeyUse>{order_id});
  CHECK(workflow.tasks() == std::vector<std::string>{"report", "declared", "sum-up", "extract"});
  CHECK(workflow.topological_sort() ==
        std::vector<std::string>{"declared", "extract", "sum-up", "report"});
  CHECK(&workflow == &order_pipeline.workflow());
}

TEST_CASE("a task declared in a header runs the body that its source defines",
          "[authoring][symbol]") {
  Attempt attempt{Context{{"order_id", 42}}};
  declared.info.run(attempt.run);
  CHECK(attempt.run.delta.to_json() == R"({"set":{"total":42.0}})");
  CHECK(declared_coroutine.info.co_run != nullptr);
  CHECK(declared_coroutine.options.version == 2);
}

TEST_CASE("a workflow is called with its inputs, in any order", "[authoring][symbol]") {
  auto const job = typed_inputs(note = "by name", small = 127, flag = true, address = {"Main", 3});
  CHECK(job.name == "typed_inputs");
  CHECK(job.input.to_json() ==
        R"({"note":"by name","small":127,"flag":true,"address":{"number":3,"street":"Main"}})");
  CHECK(no_inputs().input.empty());
}

TEST_CASE("an input that does not fit into its key is refused", "[authoring][symbol]") {
  CHECK_THROWS_WITH(small = 128, Contains("'small'") && Contains("128"));
  CHECK_THROWS_AS(small = -129, ValidationError);
  CHECK_THROWS_AS(order_id = 18'446'744'073'709'551'615u, ValidationError);
  CHECK_THROWS_WITH(typed_inputs(note = "\xff", small = 1, flag = true, address = {"", 3}),
                    Contains("'note'"));
}

TEST_CASE("what only run time can tell is told when the workflow is made", "[authoring][symbol]") {
  CHECK_THROWS_WITH(badly_configured.workflow(),
                    Contains("badly_retried") && Contains("max_attempts") && Contains("factor"));
}

TEST_CASE("workflows register themselves, and one that cannot be made is reported with its place",
          "[authoring][symbol]") {
  auto const names = Registry::global().names();
  for (auto const* name : {"order_pipeline", "typed_inputs", "no_inputs", "badly_configured"})
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  CHECK(Registry::global().find("order_pipeline")->version() ==
        order_pipeline.workflow().version());
  CHECK_THROWS_WITH(Registry::global().snapshot(),
                    Contains("max_attempts") && Contains("workflow_symbol_test.cpp:"));
}
