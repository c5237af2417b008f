#include <future>
#include <set>

#include "contract/dal_fixture.hpp"

using namespace cloacina;
using namespace cloacina::contract;

namespace {

bool claimable(DalFixture& fixture, Instant now = at(100)) {
  auto& runner = fixture.runner;
  return dal::look_around(runner.database(), runner.session(), runner.id(), now, known_workflows)
      .claimable;
}

}  // namespace

TEST_CASE("unowned executions are claimed by priority, then by age, up to the limit",
          "[contract][claim]") {
  DalFixture fixture;
  std::vector<dal::ExecutionInsert> rows;
  for (std::uint64_t number : {1, 2, 3, 4, 5}) rows.push_back(an_execution(number, false));
  rows[3].priority = 7;
  rows[4].priority = 7;
  rows[0].priority = -1;
  fixture.runner.commit(inserting(rows));

  auto const first = fixture.runner.commit(claiming(3)).claimed;
  CHECK(numbers(first) == std::vector<std::uint64_t>{4, 5, 2});
  CHECK(first[0].owner == fixture.runner.id());
  CHECK(first[0].status == WorkflowStatus::pending);
  CHECK(first[0].input == R"({"order_id":42})");
  CHECK(fixture.execution(4).owner == fixture.runner.id());
  CHECK_FALSE(fixture.execution(3).owner.has_value());

  CHECK(claimable(fixture));
  CHECK(numbers(fixture.runner.commit(claiming(10)).claimed) == std::vector<std::uint64_t>{3, 1});
  CHECK_FALSE(claimable(fixture));
  CHECK(fixture.runner.commit(claiming(10)).claimed.empty());
  CHECK(numbers(dal::owned_executions(fixture.runner.session(), fixture.runner.id()).rows) ==
        std::vector<std::uint64_t>{1, 2, 3, 4, 5});
}

TEST_CASE("what is not due is not claimed, and keeps its place by priority when it is",
          "[contract][claim]") {
  DalFixture fixture;
  auto later = an_execution(1, false);
  later.start_after = at(50);
  later.priority = 9;
  fixture.runner.commit(inserting({later, an_execution(2, false), an_execution(3, false)}));
  CHECK(numbers(fixture.runner.commit(claiming(1, at(49))).claimed) ==
        std::vector<std::uint64_t>{2});
  CHECK(numbers(fixture.runner.commit(claiming(1, at(50))).claimed) ==
        std::vector<std::uint64_t>{1});
}

TEST_CASE("a delayed execution alone is claimable from its instant on", "[contract][claim]") {
  DalFixture fixture;
  auto later = an_execution(1, false);
  later.start_after = at(50);
  fixture.runner.commit(inserting({later}));
  CHECK_FALSE(claimable(fixture, at(49)));
  CHECK(claimable(fixture, at(50)));
}

TEST_CASE("only known versions are claimed", "[contract][claim]") {
  DalFixture fixture;
  auto unknown_version = an_execution(1, false);
  unknown_version.version = "2";
  auto unknown_workflow = an_execution(2, false);
  unknown_workflow.workflow = "shipping";
  fixture.runner.commit(inserting({unknown_version, unknown_workflow}));
  CHECK_FALSE(claimable(fixture));
  CHECK(fixture.runner.commit(claiming(10)).claimed.empty());
}

TEST_CASE("paused, final and owned executions are not claimed", "[contract][claim]") {
  DalFixture fixture;
  TestRunner other{*fixture.backend, 2};
  auto paused = an_execution(1, false);
  paused.status = WorkflowStatus::paused;
  auto completed = an_execution(2, false);
  completed.status = WorkflowStatus::completed;
  other.commit(inserting({paused, completed, an_execution(3)}));
  CHECK_FALSE(claimable(fixture));
  CHECK(fixture.runner.commit(claiming(10)).claimed.empty());
  CHECK(fixture.execution(3).owner == other.id());
}

TEST_CASE("an insert and a claim of one batch meet", "[contract][claim]") {
  DalFixture fixture;
  auto batch = claiming(1);
  batch.inserts = {an_execution(1, false)};
  CHECK(numbers(fixture.runner.commit(batch).claimed) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a claim that is rolled back claims nothing", "[contract][claim]") {
  DalFixture fixture;
  fixture.runner.commit(inserting({an_execution(1, false)}));
  fixture.backend->fault = [](std::string_view point) {
    if (point == "commit.before")
      throw backend::SessionError(backend::Failure::again, "injected", "TEST");
  };
  CHECK(std::holds_alternative<dal::Again>(fixture.runner.try_commit(claiming(1))));
  fixture.backend->fault = {};
  CHECK_FALSE(fixture.execution(1).owner.has_value());
}

TEST_CASE("runners that claim at the same time never get the same execution", "[contract][claim]") {
  DalFixture fixture;
  constexpr std::uint64_t executions = 200;
  std::vector<dal::ExecutionInsert> rows;
  for (std::uint64_t number = 1; number <= executions; ++number)
    rows.push_back(an_execution(number, false));
  fixture.runner.commit(inserting(rows));

  auto const claim_all = [&fixture](std::uint64_t number) {
    TestRunner runner{*fixture.backend, number};
    std::vector<std::uint64_t> mine;
    for (;;) {
      auto const claimed = runner.commit(claiming(3)).claimed;
      if (claimed.empty()) return mine;
      for (auto const& row : claimed) mine.push_back(row.id.low);
    }
  };
  std::vector<std::future<std::vector<std::uint64_t>>> claimers;
  for (std::uint64_t number : {2, 3, 4, 5})
    claimers.push_back(std::async(std::launch::async, claim_all, number));
  std::multiset<std::uint64_t> all;
  for (auto& claimer : claimers)
    for (auto const number : claimer.get()) all.insert(number);
  CHECK(all.size() == executions);
  CHECK(std::set<std::uint64_t>(all.begin(), all.end()).size() == executions);
}
