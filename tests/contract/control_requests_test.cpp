// How others speak to the owner of an execution (R12).
#include "dal/control_requests.hpp"
#include "contract/dal_fixture.hpp"

using namespace cloacina;
using namespace cloacina::contract;
using Kind = dal::CancelAnswer::Kind;

namespace {

ExecutionId request(std::uint64_t number) { return {0xbbbb, number}; }

dal::CancelAsk ask(std::uint64_t number, std::uint64_t execution, std::string_view reason) {
  return {
      .request = request(number), .execution = id_of(execution), .reason = reason, .now = at(6)};
}

struct AskFixture : DalFixture {
  std::unique_ptr<backend::Session> outside = backend->database().open_writer();

  dal::CancelAnswer cancel(std::uint64_t number, std::uint64_t execution,
                           std::string_view reason = "cancelled") {
    return dal::ask_to_cancel(*outside, ask(number, execution, reason));
  }
  std::vector<dal::ControlRequestRow> waiting() {
    return dal::waiting_requests(runner.session(), runner.id());
  }
};

dal::Batch ending(std::uint64_t execution, WorkflowStatus status) {
  dal::Batch batch;
  auto& end = batch.updates.emplace_back();
  end.id = id_of(execution);
  end.status = status;
  end.completed_at = at(9);
  end.release = true;
  return batch;
}

}  // namespace

TEST_CASE("an execution that nobody owns is cancelled at once, with all that is not final",
          "[contract][control]") {
  AskFixture fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  auto waiting = a_task(1, "load", TaskStatus::ready);
  waiting.wake_at = at(99);
  fixture.runner.commit(writing({waiting}));
  CHECK(std::holds_alternative<dal::Committed>(fixture.runner.release(at(5))));

  CHECK(fixture.cancel(1, 1, "not wanted any more").kind == Kind::applied);
  auto const stored = fixture.execution(1);
  CHECK(stored.status == WorkflowStatus::cancelled);
  CHECK(stored.error == "not wanted any more");
  CHECK(stored.completed_at == at(6));
  REQUIRE(fixture.tasks(1).size() == 2);  // "save" had no row
  CHECK(fixture.task(1, "load").status == TaskStatus::cancelled);
  CHECK_FALSE(fixture.task(1, "load").wake_at.has_value());
  CHECK(fixture.task(1, "save").status == TaskStatus::cancelled);
  CHECK(fixture.task(1, "save").completed_at == at(6));

  // The same request again, because its answer was lost; and another one.
  CHECK(fixture.cancel(1, 1, "not wanted any more").kind == Kind::applied);
  auto const late = fixture.cancel(2, 1, "not wanted any more");
  CHECK(late.kind == Kind::too_late);
  CHECK(late.status == WorkflowStatus::cancelled);
  CHECK(fixture.execution(1).error == "not wanted any more");
}

TEST_CASE("a cancel keeps the results that are recorded", "[contract][control]") {
  AskFixture fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  auto done = a_task(1, "load", TaskStatus::completed);
  done.completed_at = at(3);
  fixture.runner.commit(writing({done}));
  CHECK(std::holds_alternative<dal::Committed>(fixture.runner.release(at(5))));
  CHECK(fixture.cancel(1, 1).kind == Kind::applied);
  CHECK(fixture.task(1, "load").status == TaskStatus::completed);
  CHECK(fixture.task(1, "load").completed_at == at(3));
  CHECK(fixture.task(1, "save").status == TaskStatus::cancelled);
}

TEST_CASE("the owner of an execution is left a request, and marks what it applies",
          "[contract][control]") {
  AskFixture fixture;
  fixture.runner.commit(inserting({an_execution(1), an_execution(2)}));
  CHECK(fixture.cancel(1, 1, "first").kind == Kind::waiting);
  CHECK(fixture.cancel(1, 1, "first").kind == Kind::waiting);  // the same one
  CHECK(fixture.cancel(2, 1, "second").kind == Kind::waiting);
  CHECK(fixture.cancel(3, 9).kind == Kind::not_found);
  CHECK(fixture.execution(1).status == WorkflowStatus::running);

  auto const waiting = fixture.waiting();
  REQUIRE(waiting.size() == 2);
  CHECK(waiting[0].id == request(1));
  CHECK(waiting[0].execution == id_of(1));
  CHECK(waiting[0].payload == "first");
  CHECK(waiting[0].owned);

  auto batch = ending(1, WorkflowStatus::cancelled);
  batch.applied = {{.id = request(1), .at = at(9)}};
  fixture.runner.commit(batch);
  CHECK(dal::answer_to(*fixture.outside, request(1)).kind == Kind::applied);
  CHECK(dal::answer_to(*fixture.outside, request(2)).kind == Kind::too_late);
  CHECK(fixture.waiting().empty());
}

TEST_CASE("what an execution does not hear before its end is marked too late",
          "[contract][control]") {
  AskFixture fixture;
  fixture.runner.commit(inserting({an_execution(1), an_execution(2)}));
  CHECK(fixture.cancel(1, 1).kind == Kind::waiting);
  CHECK(fixture.cancel(2, 2).kind == Kind::waiting);
  fixture.runner.commit(ending(1, WorkflowStatus::completed));
  auto const answer = dal::answer_to(*fixture.outside, request(1));
  CHECK(answer.kind == Kind::too_late);
  CHECK(answer.status == WorkflowStatus::completed);
  CHECK(dal::answer_to(*fixture.outside, request(2)).kind == Kind::waiting);
}

TEST_CASE("requests for what nobody owns any more are applied by whoever looks",
          "[contract][control]") {
  AskFixture fixture;
  fixture.runner.commit(inserting({an_execution(1), an_execution(2)}));
  CHECK(fixture.cancel(1, 1, "first").kind == Kind::waiting);
  CHECK(fixture.cancel(2, 1, "second").kind == Kind::waiting);
  CHECK(fixture.cancel(3, 2, "third").kind == Kind::waiting);
  CHECK(std::holds_alternative<dal::Committed>(fixture.runner.release(at(7))));

  SECTION("a runner, behind its fence") {
    TestRunner other{*fixture.backend, 2};
    auto const waiting = dal::waiting_requests(other.session(), other.id());
    REQUIRE(waiting.size() == 3);
    CHECK_FALSE(waiting[0].owned);
    dal::Batch batch;
    for (auto const& row : waiting)
      batch.unowned_cancels.push_back(
          {.request = row.id, .execution = row.execution, .reason = row.payload, .at = at(8)});
    other.commit(batch);
    CHECK(fixture.execution(1).error == "first");
    CHECK(fixture.execution(2).error == "third");
    CHECK(dal::answer_to(*fixture.outside, request(1)).kind == Kind::applied);
    CHECK(dal::answer_to(*fixture.outside, request(2)).kind == Kind::too_late);
    CHECK(dal::answer_to(*fixture.outside, request(3)).kind == Kind::applied);
  }
  SECTION("who asked, asking once more") {
    CHECK(dal::answer_to(*fixture.outside, request(2)).kind == Kind::unowned);
    CHECK(fixture.cancel(2, 1, "second").kind == Kind::too_late);
    CHECK(fixture.execution(1).error == "first");
    CHECK(fixture.cancel(1, 1, "first").kind == Kind::applied);
    CHECK(fixture.cancel(3, 2, "third").kind == Kind::applied);
    CHECK(fixture.execution(2).error == "third");
  }
  SECTION("the next one who asks, in the order of their coming") {
    CHECK(fixture.cancel(4, 1, "fourth").kind == Kind::too_late);
    CHECK(fixture.execution(1).error == "first");
    CHECK(dal::answer_to(*fixture.outside, request(1)).kind == Kind::applied);
    CHECK(dal::answer_to(*fixture.outside, request(2)).kind == Kind::too_late);
  }
  SECTION("but not if somebody owns it by then") {
    TestRunner other{*fixture.backend, 2};
    CHECK(other.commit(claiming(1)).claimed.size() == 1);
    TestRunner third{*fixture.backend, 3};
    dal::Batch batch;
    batch.unowned_cancels = {
        {.request = request(1), .execution = id_of(1), .reason = "first", .at = at(8)}};
    third.commit(batch);
    CHECK(fixture.execution(1).status == WorkflowStatus::running);
    CHECK(dal::answer_to(*fixture.outside, request(1)).kind == Kind::waiting);
    CHECK(dal::waiting_requests(other.session(), other.id()).size() == 3);
  }
}

// Not one of ours: nobody's request was heard of any more.
TEST_CASE("a request without a reason keeps no other one from being read", "[contract][control]") {
  static constexpr backend::Statement forget_reason{
      .name = "forget_reason",
      .sqlite = "UPDATE {s}.control_requests SET payload = NULL WHERE id = $1"};
  AskFixture fixture;
  fixture.runner.commit(inserting({an_execution(1), an_execution(2)}));
  CHECK(fixture.cancel(1, 1, "first").kind == Kind::waiting);
  CHECK(fixture.cancel(2, 2, "second").kind == Kind::waiting);
  CHECK(fixture.outside->execute(forget_reason, std::array<backend::Value, 1>{request(1)}) == 1);
  auto const waiting = fixture.waiting();
  REQUIRE(waiting.size() == 2);
  CHECK(waiting[0].payload.empty());
  CHECK(waiting[1].payload == "second");
  CHECK(std::holds_alternative<dal::Committed>(fixture.runner.release(at(5))));
  CHECK(fixture.cancel(3, 1, "third").kind == Kind::too_late);
  CHECK(fixture.execution(1).status == WorkflowStatus::cancelled);
}

// It was an error of the statement, which a runner tries again: it did nothing else any more.
TEST_CASE("a definition that is none keeps no execution from being cancelled",
          "[contract][control]") {
  static constexpr backend::Statement define{
      .name = "define", .sqlite = "UPDATE {s}.workflow_definitions SET definition = $1"};
  auto const* const definition = GENERATE("\xff not JSON", "[]", R"({"tasks":7})",
                                          R"({"tasks":["load",{"id":null},{"id":[1]}]})");
  CAPTURE(definition);
  AskFixture fixture;
  fixture.runner.commit(inserting({an_execution(1)}));
  CHECK(std::holds_alternative<dal::Committed>(fixture.runner.release(at(5))));
  std::array<backend::Value, 1> const parameters{std::string_view{definition}};
  if (fixture.backend->stores_only_json() && std::string_view{definition}.starts_with('\xff')) {
    CHECK_THROWS_AS(fixture.outside->execute(define, parameters), backend::SessionError);
    return;
  }
  CHECK(fixture.outside->execute(define, parameters) == 1);
  CHECK(fixture.cancel(1, 1).kind == Kind::applied);
  CHECK(fixture.execution(1).status == WorkflowStatus::cancelled);
  CHECK(fixture.tasks(1).empty());
}

TEST_CASE("a session hears that others have written, and not of itself", "[contract][hints]") {
  DalFixture fixture;
  if (fixture.backend->database().change_interval().count() == 0)
    return;  // it is told: integration/postgres
  auto const listener = fixture.backend->database().open_writer();
  CHECK_FALSE(listener->changed());  // the first time nothing is known
  fixture.runner.commit(inserting({an_execution(1)}));
  CHECK(listener->changed());
  CHECK_FALSE(listener->changed());
  CHECK(dal::ask_to_cancel(*listener, ask(1, 1, "mine")).kind == Kind::waiting);
  CHECK_FALSE(listener->changed());
}
