#include "contract/dal_fixture.hpp"

using namespace cloacina;
using namespace cloacina::contract;
using namespace std::chrono_literals;

namespace {

dal::RunnerState state_of(TestRunner& runner) {
  auto const state = dal::read_runner(runner.session(), runner.id());
  REQUIRE(state.has_value());
  return *state;
}

bool stored(DalFixture& fixture, std::uint64_t number) {
  return dal::find_execution(*fixture.backend->database().reader(), id_of(number)).has_value();
}

}  // namespace

TEST_CASE("a runner is registered alive with nothing committed", "[contract][fence]") {
  DalFixture fixture;
  auto const state = state_of(fixture.runner);
  CHECK(state.alive);
  CHECK(state.commit_seq == 0);
  CHECK_FALSE(dal::read_runner(fixture.runner.session(), {{1, 1}}).has_value());
  CHECK(dal::find_definition(fixture.runner.session(), "orders", "1").has_value());
  CHECK_FALSE(dal::find_definition(fixture.runner.session(), "orders", "2").has_value());
}

TEST_CASE("an empty batch renews the lease and takes a number", "[contract][fence]") {
  DalFixture fixture;
  TestRunner other{*fixture.backend, 2};
  fixture.backend->lease_clock += 10s;
  fixture.runner.commit({});
  CHECK(state_of(fixture.runner).commit_seq == 1);

  fixture.backend->lease_clock += 10s;  // 20 s since the registration, 10 s since the renewal
  other.commit({});
  auto const seen =
      dal::look_around(other.database(), other.session(), other.id(), at(0), known_workflows);
  CHECK(seen.others_alive == 1);
  CHECK_FALSE(seen.expired_runners);

  fixture.backend->lease_clock += 6s;
  auto const later =
      dal::look_around(other.database(), other.session(), other.id(), at(0), known_workflows);
  CHECK(later.others_alive == 0);
  CHECK(later.expired_runners);
}

TEST_CASE("the same batch with the same number is written once", "[contract][fence]") {
  DalFixture fixture;
  auto const fence = fixture.runner.next();
  auto const batch = inserting({an_execution(1)});
  fixture.runner.commit(batch);
  auto const again = dal::commit(fixture.runner.database(), fixture.runner.session(), fence, batch);
  CHECK(std::holds_alternative<dal::Fenced>(again));
  CHECK(state_of(fixture.runner).commit_seq == fence.commit_seq);
}

TEST_CASE("a number that is not the next one is fenced", "[contract][fence]") {
  auto const number = GENERATE(std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{1'000'000});
  DalFixture fixture;
  auto fence = fixture.runner.next();
  fence.commit_seq = number;
  auto const outcome = dal::commit(fixture.runner.database(), fixture.runner.session(), fence,
                                   inserting({an_execution(1)}));
  CHECK(std::holds_alternative<dal::Fenced>(outcome));
  CHECK_FALSE(stored(fixture, 1));
  CHECK(state_of(fixture.runner).commit_seq == 0);
}

TEST_CASE("a runner that was declared dead writes nothing any more", "[contract][fence]") {
  DalFixture fixture;
  TestRunner other{*fixture.backend, 2};
  fixture.backend->lease_clock += lease + 1us;
  other.commit({});
  CHECK(other.take_over(at(50)).runners == 1);

  CHECK(
      std::holds_alternative<dal::Fenced>(fixture.runner.try_commit(inserting({an_execution(1)}))));
  CHECK(std::holds_alternative<dal::Fenced>(fixture.runner.release(at(51))));
  auto const takeover = dal::take_over(fixture.runner.database(), fixture.runner.session(),
                                       fixture.runner.next(), at(51), 5, [] { return true; });
  CHECK(std::holds_alternative<dal::Fenced>(takeover.outcome));
  CHECK_FALSE(stored(fixture, 1));
  CHECK_FALSE(state_of(fixture.runner).alive);
  CHECK(state_of(other).alive);
}

TEST_CASE("a lease that is over but was not taken is renewed by the next commit",
          "[contract][fence]") {
  DalFixture fixture;
  fixture.backend->lease_clock += 2 * lease;
  fixture.runner.commit(inserting({an_execution(1)}));
  CHECK(stored(fixture, 1));
}

TEST_CASE("a commit whose answer is lost is unknown, and the own row tells what became of it",
          "[contract][fence]") {
  bool const happened = GENERATE(true, false);
  DalFixture fixture;
  fixture.backend->fault = [&](std::string_view point) {
    if (point == (happened ? "commit.after" : "commit.before"))
      throw backend::SessionError(backend::Failure::unknown, "the answer was lost", "TEST");
  };
  auto const batch = inserting({an_execution(1)});
  auto const outcome = fixture.runner.try_commit(batch);
  fixture.backend->fault = {};
  REQUIRE(std::holds_alternative<dal::Unknown>(outcome));
  CHECK(std::get<dal::Unknown>(outcome).message == "the answer was lost");

  auto const state = state_of(fixture.runner);
  CHECK(state.alive);
  CHECK(state.commit_seq == (happened ? 1 : 0));
  CHECK(stored(fixture, 1) == happened);
  auto const repeated = fixture.runner.try_commit(batch);
  CHECK(std::holds_alternative<dal::Fenced>(repeated) == happened);
  CHECK(stored(fixture, 1));
}

TEST_CASE("an error says by its kind whether the batch is split, repeated, or repeated elsewhere",
          "[contract][fence]") {
  struct Case {
    backend::Failure failure;
    bool refused, broken;
  };
  auto const [failure, refused, broken] =
      GENERATE(values<Case>({{backend::Failure::data, true, false},
                             {backend::Failure::again, false, false},
                             {backend::Failure::broken, false, true}}));
  DalFixture fixture;
  auto const points = fixture.backend->points_of_a_batch();
  auto const point = GENERATE_COPY(from_range(points));
  CAPTURE(point, refused, broken);
  auto const wanted = failure;  // clang 14 captures no structured bindings
  fixture.backend->fault = [&point, wanted](std::string_view reached) {
    if (reached == point) throw backend::SessionError(wanted, "injected", "TEST_1");
  };
  auto batch = inserting({an_execution(1)});
  batch.tasks = {a_task(1, "load", TaskStatus::ready)};
  auto const outcome = fixture.runner.try_commit(batch);
  fixture.backend->fault = {};
  if (refused) {
    REQUIRE(std::holds_alternative<dal::Refused>(outcome));
    CHECK(std::get<dal::Refused>(outcome).sqlstate == "TEST_1");
  } else {
    REQUIRE(std::holds_alternative<dal::Again>(outcome));
    CHECK(std::get<dal::Again>(outcome).session_broken == broken);
  }
  CHECK_FALSE(stored(fixture, 1));
  CHECK(state_of(fixture.runner).commit_seq == 0);
  fixture.runner.commit(batch);  // nothing stayed open
  CHECK(stored(fixture, 1));
}
