#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;
using Ids = std::vector<std::string>;

namespace {

void nothing(TaskContext<>&) {}

//   load ──► clean ──► report
//     └────► count ──────┘        audit
Workflow sample() {
  return WorkflowBuilder{"sample"}
      .description("shows")
      .tag("team", "data")
      .task("report", {"clean", "count"}, nothing)
      .task("audit", nothing)
      .task("count", {"load"}, nothing)
      .task("clean", {"load"}, nothing)
      .task("load", nothing)
      .build();
}

}  // namespace

TEST_CASE("tasks stand in the order of their list, or in topological order with ties by it",
          "[authoring][query]") {
  CHECK(sample().tasks() == Ids{"report", "audit", "count", "clean", "load"});
  CHECK(sample().topological_sort() == Ids{"audit", "load", "count", "clean", "report"});
}

TEST_CASE("a workflow answers about its graph", "[authoring][query]") {
  auto const workflow = sample();
  CHECK(workflow.dependencies("report") == Ids{"clean", "count"});
  CHECK(workflow.dependents("load") == Ids{"count", "clean"});
  CHECK(workflow.dependents("report").empty());
  CHECK(workflow.roots() == Ids{"audit", "load"});
  CHECK(workflow.leaves() == Ids{"report", "audit"});
  CHECK(workflow.execution_levels() ==
        std::vector<Ids>{{"audit", "load"}, {"count", "clean"}, {"report"}});
}

TEST_CASE("tasks can run in parallel if neither is upstream of the other", "[authoring][query]") {
  auto const workflow = sample();
  CHECK(workflow.can_run_parallel("clean", "count"));
  CHECK(workflow.can_run_parallel("audit", "report"));
  CHECK_FALSE(workflow.can_run_parallel("load", "report"));
  CHECK_FALSE(workflow.can_run_parallel("report", "load"));
  CHECK_FALSE(workflow.can_run_parallel("load", "load"));
}

TEST_CASE("a subgraph holds tasks and all that they depend on", "[authoring][query]") {
  auto const whole = sample();
  auto const part = whole.subgraph({"count", "audit"});
  CHECK(part.name() == "sample");
  CHECK(part.description() == "shows");
  CHECK(part.tasks() == Ids{"audit", "count", "load"});
  CHECK(part.task("count").body == whole.task("count").body);
  CHECK_THROWS_WITH(sample().subgraph({}), Contains("empty workflow"));
}

TEST_CASE("an unknown task is answered with the nearest names", "[authoring][query]") {
  auto const workflow = sample();
  CHECK_THROWS_WITH(workflow.task("coutn"),
                    Contains("no task 'coutn'") && Contains("did you mean 'count'"));
  CHECK_THROWS_AS(workflow.dependencies("x"), ValidationError);
  CHECK_THROWS_AS(workflow.dependents("x"), ValidationError);
  CHECK_THROWS_AS(workflow.can_run_parallel("load", "x"), ValidationError);
  CHECK_THROWS_AS(workflow.subgraph({"x"}), ValidationError);
}

TEST_CASE("a workflow that was built is valid", "[authoring][query]") {
  CHECK_NOTHROW(sample().validate());
}

TEST_CASE("a mermaid flowchart names every task and draws every dependency",
          "[authoring][picture]") {
  CHECK(sample().to_mermaid() ==
        "flowchart TD\n"
        "  t4[\"report\"]\n"
        "  t0[\"audit\"]\n"
        "  t2[\"count\"]\n"
        "  t3[\"clean\"]\n"
        "  t1[\"load\"]\n"
        "  t3 --> t4\n"
        "  t2 --> t4\n"
        "  t1 --> t2\n"
        "  t1 --> t3\n");
}

TEST_CASE("ids may hold whatever a picture's language takes for its own", "[authoring][picture]") {
  auto const workflow = WorkflowBuilder{"say \"hi\" \\"}
                            .task("end", nothing)
                            .task("a\"] --> <b>;#35;`é例\\", {"end"}, nothing)
                            .build();
  CHECK(workflow.to_mermaid() ==
        "flowchart TD\n"
        "  t0[\"end\"]\n"
        "  t1[\"a#34;#93; --#62; #60;b#62;#59;#35;35#59;#96;é例#92;\"]\n"
        "  t0 --> t1\n");
  CHECK(workflow.to_dot() ==
        "digraph \"say \\\"hi\\\" \\\\\" {\n"
        "  rankdir=TB;\n"
        "  node [shape=box];\n"
        "  t0 [label=\"end\"];\n"
        "  t1 [label=\"a\\\"] --> <b>;#35;`é例\\\\\"];\n"
        "  t0 -> t1;\n"
        "}\n");
}
