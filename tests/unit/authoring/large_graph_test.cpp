// Ten thousand tasks build well under a second. The bound is wide and counts processor time, so
// that it fails for an algorithm that is quadratic and not for a machine that is busy.
#include <ctime>
#include <functional>

#include <cloacina/workflow_builder.hpp>

#include "support/catch.hpp"

using namespace cloacina;

namespace {

constexpr int count = 10'000;

void nothing(TaskContext<>&) {}

std::string id(int i) { return "t" + std::to_string(i); }

/// Builds, and fails if that took more than two seconds of the processor.
Workflow built(WorkflowBuilder const& builder) {
  auto const start = std::clock();
  auto workflow = builder.build();
  auto const seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  CAPTURE(seconds);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  CHECK(seconds < 20.0);
#else
  CHECK(seconds < 2.0);
#endif
  return workflow;
}

WorkflowBuilder chain(std::function<TaskSettings(int)> const& settings_of) {
  WorkflowBuilder builder{"chain"};
  for (int i = count - 1; i >= 0; --i) {
    auto settings = settings_of(i);
    if (i > 0) settings.after = {id(i - 1)};
    builder.task(id(i), std::move(settings), nothing);
  }
  return builder;
}

}  // namespace

TEST_CASE("a chain of 10 000 tasks builds, with every task's rule and key about the first",
          "[authoring][large]") {
  auto const workflow = built(chain([](int i) {
    TaskSettings settings;
    if (i == 0) settings.writes = {"k"};
    if (i > 0) settings.reads = {"k"};
    if (i > 0) settings.trigger_rule = when::task_success("t0");
    return settings;
  }));
  CHECK(workflow.topological_sort().back() == id(count - 1));
  CHECK(workflow.execution_levels().size() == count);
}

TEST_CASE("a chain of 10 000 tasks builds, each writing the same key", "[authoring][large]") {
  static_cast<void>(built(chain([](int) { return TaskSettings{.writes = {"k"}}; })));
}

TEST_CASE("a chain of 10 000 tasks builds, each with a key of its own that the next reads",
          "[authoring][large]") {
  static_cast<void>(built(chain([](int i) {
    TaskSettings settings;
    settings.writes = {"k" + std::to_string(i)};
    if (i > 0) settings.reads = {"k" + std::to_string(i - 1)};
    return settings;
  })));
}

TEST_CASE("a fan of 10 000 tasks builds, all writing a key that the join merges",
          "[authoring][large]") {
  WorkflowBuilder builder{"fan"};
  TaskSettings join{.merges = {"k"}};
  builder.task("start", nothing);
  for (int i = 0; i < count; ++i) {
    builder.task(id(i), {.after = {"start"}, .writes = {"k"}}, nothing);
    join.after.push_back(id(i));
  }
  builder.task("join", std::move(join), nothing);
  auto const workflow = built(builder);
  CHECK(workflow.dependencies("join").size() == count);
  CHECK(workflow.execution_levels().size() == 3);
}

TEST_CASE("a hundred layers of a hundred tasks build, each after the whole layer before",
          "[authoring][large]") {
  WorkflowBuilder builder{"layers"};
  for (int layer = 0; layer < 100; ++layer)
    for (int i = 0; i < 100; ++i) {
      TaskSettings settings{.writes = {"k" + std::to_string(i)}, .merges = {}};
      for (int j = 0; layer > 0 && j < 100; ++j)
        settings.after.push_back(id((layer - 1) * 100 + j));
      builder.task(id(layer * 100 + i), std::move(settings), nothing);
    }
  CHECK(built(builder).leaves().size() == 100);
}
