#include "core/outcome.hpp"

#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;
namespace when = cloacina::when;

namespace {

constexpr auto completed = TaskStatus::completed;
constexpr auto failed = TaskStatus::failed;
constexpr auto skipped = TaskStatus::skipped;
constexpr auto cancelled = TaskStatus::cancelled;

TaskOutcome failure(std::string_view id, std::uint32_t attempts, std::string_view error) {
  return {.id = id, .status = failed, .attempts = attempts, .error = error};
}

ExecutionOutcome outcome(std::vector<TaskOutcome> const& tasks) { return outcome_of(tasks); }

}  // namespace

TEST_CASE("an execution without failures is Completed, whatever was skipped", "[core][outcome]") {
  CHECK(outcome({}).status == WorkflowStatus::completed);
  CHECK(outcome({{.id = "a"}, {.id = "b", .status = skipped}}).status == WorkflowStatus::completed);
  CHECK(outcome({{.id = "a"}}).error.empty());
}

TEST_CASE("a failure that nobody handled makes it Failed, and the error says which and why",
          "[core][outcome]") {
  auto const result = outcome({{.id = "a"},
                               failure("load", 3, "disk full"),
                               {.id = "b"},
                               failure("send", 1, "no route"),
                               {.id = "c", .status = skipped},
                               {.id = "d", .status = skipped},
                               {.id = "e", .status = cancelled}});
  CHECK(result.status == WorkflowStatus::failed);
  CHECK(result.error ==
        "task 'load' failed after 3 attempts: disk full; task 'send' failed after 1 attempt: no "
        "route; "
        "2 completed, 2 skipped, 1 cancelled");
  CHECK(outcome({failure("only", 2, "")}).error == "task 'only' failed after 2 attempts");
}

TEST_CASE("a failure is handled by a completed task whose rule names it", "[core][outcome]") {
  struct Row {
    char const* what;
    TriggerRule rule;
    TaskStatus handler;
    WorkflowStatus expected;
  };
  auto const row = GENERATE(values<Row>({
      {"named", when::task_failed("load"), completed, WorkflowStatus::completed},
      {"named among others",
       when::any(when::task_failed("x"), when::all(when::task_failed("load"))), completed,
       WorkflowStatus::completed},
      {"the handler was skipped", when::task_failed("load"), skipped, WorkflowStatus::failed},
      {"the handler failed too", when::task_failed("load"), failed, WorkflowStatus::failed},
      {"another task is named", when::task_failed("loader"), completed, WorkflowStatus::failed},
      {"always alone handles nothing", when::always(), completed, WorkflowStatus::failed},
      {"nor does its success", when::none(when::task_success("load")), completed,
       WorkflowStatus::failed},
      {"nor the default", TriggerRule{}, completed, WorkflowStatus::failed},
  }));
  CAPTURE(row.what);
  auto const result =
      outcome({failure("load", 3, "disk full"),
               {.id = "handler", .status = row.handler, .error = "x", .rule = &row.rule}});
  CHECK(result.status == row.expected);
  CHECK(result.error.empty() == (row.expected == WorkflowStatus::completed));
}

TEST_CASE("only what nobody handled is named", "[core][outcome]") {
  TriggerRule const rule = when::task_failed("load");
  auto const result = outcome({failure("load", 3, "disk full"),
                               failure("send", 1, "no route"),
                               {.id = "handler", .rule = &rule}});
  CHECK_THAT(result.error, Contains("'send'") && !Contains("'load'"));
}

TEST_CASE("of a thousand failures ten are named", "[core][outcome]") {
  std::vector<TaskOutcome> tasks(1'000, failure("t", 1, "e"));
  auto const error = outcome(tasks).error;
  CHECK_THAT(error, Contains("; and 990 more failed"));
  CHECK(error.size() < 1'000);
  tasks.resize(10);
  CHECK_THAT(outcome(tasks).error, !Contains("more failed"));
  tasks.resize(11, failure("t", 1, "e"));
  CHECK_THAT(outcome(tasks).error, Contains("; and 1 more failed"));
}
