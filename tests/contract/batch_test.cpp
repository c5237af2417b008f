#include "contract/dal_fixture.hpp"

using namespace cloacina;
using namespace cloacina::contract;

TEST_CASE("an accepted execution is stored as it was given", "[contract][batch]") {
  DalFixture fixture;
  auto row = an_execution(1);
  row.priority = -32768;
  row.idempotency_key = "order-42";
  row.start_after = at(7);
  row.started_at = at(8);
  row.deadline = at(9);
  CHECK(fixture.runner.commit(inserting({row})).not_inserted.empty());

  auto const stored = fixture.execution(1);
  CHECK(stored.workflow == "orders");
  CHECK(stored.version == "1");
  CHECK(stored.status == WorkflowStatus::running);
  CHECK(stored.priority == -32768);
  CHECK(stored.owner == fixture.runner.id());
  CHECK(stored.input == R"({"order_id":42})");
  CHECK(stored.idempotency_key == "order-42");
  CHECK(stored.created_at == at(1));
  CHECK(stored.start_after == at(7));
  CHECK(stored.started_at == at(8));
  CHECK(stored.deadline == at(9));
  CHECK(stored.takeovers == 0);
  CHECK_FALSE(stored.output.has_value());
  CHECK_FALSE(stored.completed_at.has_value());
}

TEST_CASE("an id or idempotency key that is there already is named and changes nothing",
          "[contract][batch]") {
  DalFixture fixture;
  auto first = an_execution(1);
  first.idempotency_key = "key";
  fixture.runner.commit(inserting({first}));

  auto same_id = an_execution(1);
  same_id.input = "{}";
  auto same_key = an_execution(2);
  same_key.idempotency_key = "key";
  auto key_of_another_workflow = an_execution(3);
  key_of_another_workflow.workflow = "billing";
  key_of_another_workflow.idempotency_key = "key";
  auto const committed =
      fixture.runner.commit(inserting({same_id, same_key, key_of_another_workflow}));

  CHECK(committed.not_inserted == std::vector<std::size_t>{0, 1});
  CHECK(fixture.execution(1).input == R"({"order_id":42})");
  auto const reader = fixture.backend->database().reader();
  CHECK_FALSE(dal::find_execution(*reader, id_of(2)).has_value());
  CHECK(dal::find_by_idempotency_key(*reader, "orders", "key")->id == id_of(1));
  CHECK(dal::find_by_idempotency_key(*reader, "billing", "key")->id == id_of(3));
  CHECK_FALSE(dal::find_by_idempotency_key(*reader, "billing", "other").has_value());
  auto existing = dal::existing_executions(fixture.backend->database(), *reader,
                                           {id_of(3), id_of(2), id_of(1)});
  std::sort(existing.begin(), existing.end());
  CHECK(existing == std::vector<ExecutionId>{id_of(1), id_of(3)});
}

TEST_CASE("a task's row is inserted once and then replaced, all but its crashes",
          "[contract][batch]") {
  DalFixture fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  auto running = a_task(1, "load", TaskStatus::running);
  running.crashes = 2;
  running.started_at = at(3);
  running.wake_at = at(4);
  fixture.runner.commit(writing({running}));

  auto completed = a_task(1, "load", TaskStatus::completed);
  completed.attempt = 3;
  completed.crashes = 9;
  completed.delta = R"({"set":{"n":1}})";
  completed.completed_at = at(5);
  fixture.runner.commit(writing({completed}));

  REQUIRE(fixture.tasks(1).size() == 1);
  auto const row = fixture.task(1, "load");
  CHECK(row.status == TaskStatus::completed);
  CHECK(row.attempt == 3);
  CHECK(row.crashes == 2);
  CHECK(row.delta == R"({"set":{"n":1}})");
  CHECK(row.completed_at == at(5));
  CHECK_FALSE(row.started_at.has_value());
  CHECK_FALSE(row.wake_at.has_value());
  CHECK_FALSE(row.error.has_value());
}

TEST_CASE("a task's row that was thought new is never changed by halves", "[contract][batch]") {
  DalFixture fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  auto task = a_task(1, "load", TaskStatus::running);
  task.is_new = true;
  fixture.runner.commit(writing({task}));

  auto again = a_task(1, "load", TaskStatus::completed);
  again.is_new = true;
  auto other = a_task(1, "other", TaskStatus::completed);
  other.is_new = true;
  auto const outcome = fixture.runner.try_commit(writing({again, other}));
  if (std::holds_alternative<dal::Refused>(outcome)) {  // all of it, as a single statement is
    CHECK(std::get<dal::Refused>(outcome).sqlstate == "23505");
    CHECK(fixture.task(1, "load").status == TaskStatus::running);
    again.is_new = other.is_new = false;
    fixture.runner.commit(writing({again, other}));
  }
  CHECK(fixture.tasks(1).size() == 2);
  CHECK(fixture.task(1, "load").status == TaskStatus::completed);
}

TEST_CASE("tasks are read in the order of their key, of their own execution only",
          "[contract][batch]") {
  DalFixture fixture;
  fixture.runner.commit(inserting({an_execution(1), an_execution(2)}));
  auto skipped = a_task(1, "save", TaskStatus::skipped);
  skipped.skip_reason = "upstream_failed: load";
  auto failed = a_task(1, "load", TaskStatus::failed);
  failed.error = "no such file";
  fixture.runner.commit(writing({failed, skipped, a_task(2, "load", TaskStatus::ready)}));
  auto const rows = fixture.tasks(1);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].task == "load");
  CHECK(rows[0].error == "no such file");
  CHECK(rows[1].skip_reason == "upstream_failed: load");
  CHECK(rows[1].execution == id_of(1));
}

TEST_CASE("attempts are kept in the order of their ends", "[contract][batch]") {
  DalFixture fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  dal::Batch batch;
  batch.attempts = {{.execution = id_of(1),
                     .task = "load",
                     .attempt = 2,
                     .status = "Failed",
                     .error = "second",
                     .started_at = at(5),
                     .ended_at = at(6)},
                    {.execution = id_of(1),
                     .task = "load",
                     .attempt = 1,
                     .status = "Failed",
                     .error = "first",
                     .started_at = {},
                     .ended_at = at(4)}};
  fixture.runner.commit(batch);
  auto const rows = dal::attempts_of(*fixture.backend->database().reader(), id_of(1));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].error == "first");
  CHECK_FALSE(rows[0].started_at.has_value());
  CHECK(rows[1].attempt == 2);
  CHECK(rows[1].status == "Failed");
  CHECK(rows[1].started_at == at(5));
  CHECK(rows[1].ended_at == at(6));
}

TEST_CASE("the end of an execution releases it, and times that are not given stay",
          "[contract][batch]") {
  DalFixture fixture;
  auto row = an_execution(1);
  row.deadline = at(99);
  fixture.runner.commit(inserting({row}));
  dal::Batch running;
  running.updates = {{.id = id_of(1),
                      .status = WorkflowStatus::running,
                      .output = {},
                      .error = {},
                      .started_at = at(2),
                      .completed_at = {},
                      .deadline = {}}};
  fixture.runner.commit(running);
  CHECK(fixture.execution(1).owner == fixture.runner.id());

  dal::Batch ending;
  ending.updates = {{.id = id_of(1),
                     .status = WorkflowStatus::failed,
                     .output = "{}",
                     .error = "task 'load' failed",
                     .started_at = {},
                     .completed_at = at(3),
                     .deadline = {},
                     .release = true}};
  fixture.runner.commit(ending);
  auto const stored = fixture.execution(1);
  CHECK(stored.status == WorkflowStatus::failed);
  CHECK_FALSE(stored.owner.has_value());
  CHECK(stored.started_at == at(2));
  CHECK(stored.completed_at == at(3));
  CHECK(stored.deadline == at(99));
  CHECK(stored.output == "{}");
  CHECK(stored.error == "task 'load' failed");
  CHECK(dal::owned_executions(fixture.runner.session(), fixture.runner.id()).rows.empty());
}

TEST_CASE("a batch is written whole or not at all", "[contract][batch]") {
  DalFixture fixture;
  auto const bad_text = std::string_view{"a\0b", 3};
  auto batch = inserting({an_execution(1)});
  batch.tasks = {a_task(1, "load", TaskStatus::completed)};
  batch.tasks[0].delta = bad_text;
  auto const outcome = fixture.runner.try_commit(batch);
  REQUIRE(std::holds_alternative<dal::Refused>(outcome));
  CHECK_THAT(std::get<dal::Refused>(outcome).message, Catch::Contains("NUL"));
  CHECK_FALSE(dal::find_execution(fixture.runner.session(), id_of(1)).has_value());

  batch.tasks[0].delta = "{}";
  fixture.runner.commit(batch);  // with the same number: the refused one was not used up
  CHECK(fixture.task(1, "load").status == TaskStatus::completed);
}

TEST_CASE("what a runner learns is stored with the rest of its batch, once", "[contract][batch]") {
  DalFixture fixture;
  auto batch = inserting({an_execution(1)});
  batch.learned = {{"late", "7", R"({"tasks":[]})"}};
  CHECK_FALSE(batch.empty());
  fixture.runner.commit(batch);
  batch.inserts = {an_execution(2)};
  fixture.runner.commit(batch);
  CHECK(fixture.execution(2).owner == fixture.runner.id());
  CHECK(dal::find_definition(fixture.runner.session(), "late", "7").has_value());

  // Somebody alive knows "late@7", and nobody "orders@8".
  auto known = an_execution(3, false);
  known.workflow = "late";
  known.version = "7";
  auto unknown = an_execution(4, false);
  unknown.version = "8";
  fixture.runner.commit(inserting({known, unknown}));
  auto const waiting = dal::known_to_nobody(fixture.runner.session(), at(100));
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].version == "8");
}

TEST_CASE("a row with a priority that is out of range is refused by the table",
          "[contract][batch]") {
  DalFixture fixture;
  // Past the types of the interface: what a damaged caller could send.
  static constexpr backend::Statement insert{
      .name = "insert_out_of_range",
      .sqlite = "UPDATE {s}.workflow_executions SET priority = 40000 WHERE id = $1"};
  fixture.runner.commit(inserting({an_execution(1)}));
  try {
    fixture.runner.session().execute(insert, std::array<backend::Value, 1>{id_of(1)});
    FAIL("it was accepted");
  } catch (backend::SessionError const& error) {
    CHECK(error.failure() == backend::Failure::data);
  }
}
