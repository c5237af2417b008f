#include <cloacina/status.hpp>

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using Catch::Contains;

TEST_CASE("states have the words of the database and are read from them", "[core][status]") {
  CHECK(to_string(WorkflowStatus::pending) == "Pending");
  CHECK(to_string(WorkflowStatus::cancelled) == "Cancelled");
  CHECK(to_string(TaskStatus::not_started) == "NotStarted");
  CHECK(to_string(TaskStatus::cancelled) == "Cancelled");
  CHECK(to_string(static_cast<TaskStatus>(99)) == "unknown");
  for (int i = 0; i < 6; ++i) {
    auto const status = static_cast<WorkflowStatus>(i);
    CHECK(workflow_status_from(to_string(status)) == status);
    CHECK(is_final(status) == (i >= 3));
  }
  for (int i = 0; i < 8; ++i) {
    auto const status = static_cast<TaskStatus>(i);
    CHECK(task_status_from(to_string(status)) == status);
    CHECK(is_final(status) == (i >= 4));
  }
}

TEST_CASE("an unknown state is refused with the known ones", "[core][status]") {
  CHECK_THROWS_WITH(workflow_status_from("completed"),
                    Contains("did you mean 'Completed'") && Contains("'Paused'"));
  CHECK_THROWS_AS(task_status_from(""), ValidationError);
  CHECK_THROWS_AS(task_status_from("Pending"), ValidationError);
}

TEST_CASE("errors say what kind they are and what they are about", "[core][errors]") {
  ContextError const error{"no such key", "total"};
  CHECK(error.kind() == ErrorKind::context);
  CHECK(error.where() == "total");
  CHECK_FALSE(error.is_retryable());
  CHECK(TransientError{"x"}.is_retryable());
  CHECK(BackendError{"x", "SQLITE_FULL"}.sqlstate() == "SQLITE_FULL");
  CHECK(to_string(ErrorKind::validation) == "validation");
  CHECK(to_string(ErrorKind::timeout) == "timeout");
  CHECK(to_string(ErrorKind::execution_not_found) == "execution_not_found");
}
