#include "contract/dal_fixture.hpp"

using namespace cloacina;
using namespace cloacina::contract;

TEST_CASE("executions are listed newest first, filtered, page by page", "[contract][executions]") {
  DalFixture fixture;
  std::vector<dal::ExecutionInsert> rows;
  for (std::uint64_t number = 1; number <= 6; ++number) rows.push_back(an_execution(number));
  rows[1].workflow = "billing";
  rows[4].workflow = "billing";
  rows[4].status = WorkflowStatus::failed;
  fixture.runner.commit(inserting(rows));
  auto const reader = fixture.backend->database().reader();

  CHECK(numbers(dal::list_executions(*reader, {})) == std::vector<std::uint64_t>{6, 5, 4, 3, 2, 1});
  dal::ListFilter page;
  page.limit = 2;
  page.after = id_of(5);
  CHECK(numbers(dal::list_executions(*reader, page)) == std::vector<std::uint64_t>{4, 3});
  dal::ListFilter of_one;
  of_one.workflow = "billing";
  CHECK(numbers(dal::list_executions(*reader, of_one)) == std::vector<std::uint64_t>{5, 2});
  of_one.status = WorkflowStatus::failed;
  CHECK(numbers(dal::list_executions(*reader, of_one)) == std::vector<std::uint64_t>{5});
  of_one.workflow = "orders";
  CHECK(dal::list_executions(*reader, of_one).empty());
}

TEST_CASE("a client's executions are unowned, and repeating the call changes nothing",
          "[contract][executions]") {
  DalFixture fixture;
  auto const session = fixture.backend->database().open_writer();
  auto row = an_execution(1, false);
  row.start_after = at(9);
  row.priority = 4;
  std::vector<dal::ExecutionInsert> const rows{row, an_execution(2, false)};
  std::vector<ExecutionId> const ids{id_of(1), id_of(2)};
  CHECK(dal::insert_unowned(fixture.backend->database(), *session, rows) == ids);
  CHECK(dal::insert_unowned(fixture.backend->database(), *session, rows) == ids);
  auto const stored = fixture.execution(1);
  CHECK_FALSE(stored.owner.has_value());
  CHECK(stored.status == WorkflowStatus::pending);
  CHECK(stored.start_after == at(9));
  CHECK(stored.priority == 4);
  CHECK(dal::list_executions(*session, {}).size() == 2);
}

TEST_CASE("an idempotency key that is taken answers with the earlier execution",
          "[contract][executions]") {
  DalFixture fixture;
  auto const session = fixture.backend->database().open_writer();
  auto first = an_execution(1, false);
  first.idempotency_key = "key";
  auto second = an_execution(2, false);
  second.idempotency_key = "key";
  auto third = an_execution(3, false);
  auto const ids =
      dal::insert_unowned(fixture.backend->database(), *session, {first, second, third});
  CHECK(ids == std::vector<ExecutionId>{id_of(1), id_of(1), id_of(3)});
}

TEST_CASE("task_status shows every task, also one that has not started, with its id as text",
          "[contract][executions]") {
  static constexpr backend::Statement select{
      .name = "task_status",
      .sqlite =
          "SELECT task, status, attempt FROM {s}.task_status WHERE execution_id = $1 ORDER BY "
          "task"};
  DalFixture fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  auto running = a_task(1, "load", TaskStatus::running);
  running.attempt = 2;
  fixture.runner.commit(writing({running}));
  auto const id = id_of(1).to_string();
  auto const rows = fixture.backend->database().reader()->query(
      select, std::array<backend::Value, 1>{std::string_view{id}});
  REQUIRE(rows.size() == 2);
  CHECK(rows.text(0, 0) == "load");
  CHECK(rows.text(0, 1) == "Running");
  CHECK(rows.integer(0, 2) == 2);
  CHECK(rows.text(1, 0) == "save");
  CHECK(rows.text(1, 1) == "NotStarted");
}

TEST_CASE("inputs come back whole, whatever their size, from every path that reads them",
          "[contract][executions]") {
  auto const size = GENERATE(std::size_t{2}, 1'024, 1'025, 100'000);
  bool const owned = GENERATE(true, false);
  DalFixture fixture;
  auto const input = R"({"k":")" + std::string(size - 2, 'x') + R"("})";
  auto row = an_execution(1, owned);
  row.input = input;
  auto other = an_execution(2, owned);
  other.input = "{}";
  auto const session = fixture.backend->database().open_writer();
  if (owned) {
    fixture.runner.commit(inserting({row, other}));
    CHECK(dal::owned_executions(*session, fixture.runner.id()).rows.front().input == input);
  } else {
    CHECK(dal::insert_unowned(fixture.backend->database(), *session, {row, other}).size() == 2);
    dal::Batch claim;
    claim.claim = {.limit = 2, .now = at(1), .known = known_workflows};
    auto const claimed = fixture.runner.commit(claim).claimed;
    REQUIRE(claimed.size() == 2);
    CHECK(claimed[0].input == input);
    CHECK(claimed[1].input == "{}");
  }
  CHECK(fixture.execution(1).input == input);
  CHECK(fixture.execution(2).input == "{}");
  CHECK(dal::list_executions(*session, {}).front().input.empty());
}

TEST_CASE("a large input that was not inserted leaves nothing behind", "[contract][executions]") {
  static constexpr backend::Statement count{.name = "count_inputs",
                                            .sqlite = "SELECT count(*) FROM {s}.execution_inputs"};
  DalFixture fixture;
  auto const session = fixture.backend->database().open_writer();
  std::string const input = R"({"k":")" + std::string(5'000, 'x') + R"("})";
  auto first = an_execution(1, false);
  first.idempotency_key = "key";
  first.input = input;
  auto second = an_execution(2, false);
  second.idempotency_key = "key";
  second.input = input;
  (void)dal::insert_unowned(fixture.backend->database(), *session, {first, second});
  CHECK(session->query(count).integer(0, 0) == 1);
  auto third = an_execution(3);
  third.idempotency_key = "key";
  third.input = input;
  CHECK(fixture.runner.commit(inserting({third})).not_inserted == std::vector<std::size_t>{0});
  CHECK(session->query(count).integer(0, 0) == 1);
  CHECK(fixture.execution(1).input == input);
}
