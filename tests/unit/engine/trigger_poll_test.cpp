// What becomes of a poll, and that it is stored once whatever the database answers.
#include <random>

#include <cloacina/error.hpp>
#include <cloacina/workflow_builder.hpp>

#include "backend/session.hpp"
#include "engine/trigger_poll.hpp"
#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/scratch_directory.hpp"
#include "support/simulated_runner.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;
using engine::decide_poll;
using engine::FoundByPoll;

namespace {

Instant const noon{std::chrono::hours{12}};

FoundByPoll found_at(Instant at, std::initializer_list<char const*> hashes, bool state_changed) {
  FoundByPoll found;
  found.at = at;
  found.workflow = "found";
  found.state = R"({"new":1})";
  found.state_changed = state_changed;
  for (auto const* hash : hashes) {
    auto& fire = found.fires.emplace_back();
    fire.execution = ExecutionId{1, found.fires.size()};
    fire.context_hash = hash;
  }
  return found;
}

dal::ScheduleRow row_with_state() {
  dal::ScheduleRow row;
  row.workflow = "found";
  row.state = R"({"old":1})";
  return row;
}

auto unfinished(std::set<std::string, std::less<>> hashes) {
  return [hashes = std::move(hashes)](std::vector<std::string_view> const& asked) {
    std::set<std::string, std::less<>> found;
    for (auto const hash : asked)
      if (hashes.contains(hash)) found.emplace(hash);
    return found;
  };
}

/// Counts up in its state, and fires each number.
TriggerDefinition counting_to(int most) {
  return {.name = "numbers",
          .workflow = "found",
          .poll_interval = 100ms,
          .poll = [most](TriggerContext& trigger) {
            auto const* const last = trigger.state.find("last");
            int const next = last == nullptr ? 1 : last->get<int>() + 1;
            if (next > most) return TriggerResult::skip();
            trigger.state.put("last", next);
            return TriggerResult::fire({{"number", next}});
          }};
}

}  // namespace

TEST_CASE("what a poll has found is stored whole, where nothing stands against it",
          "[engine][triggers]") {
  auto const verdict =
      decide_poll(row_with_state(), found_at(noon, {"a", "b"}, true), false, unfinished({"c"}));
  CHECK_FALSE(verdict.suppressed);
  CHECK(verdict.decision.row.state == R"({"new":1})");
  REQUIRE(verdict.decision.firings.size() == 2);
  CHECK(verdict.decision.firings[0].nominal == noon);
  CHECK(verdict.decision.firings[1].nominal == noon + 1us);
}

TEST_CASE("a poll whose execution is stored already is stored no more", "[engine][triggers]") {
  auto const found = found_at(noon, {"a", "b"}, true);
  auto row = row_with_state();
  row.last_execution = found.fires.front().execution;
  auto const verdict = decide_poll(std::move(row), found, false, unfinished({"a", "b"}));
  CHECK_FALSE(verdict.suppressed);
  CHECK(verdict.decision.firings.empty());
  CHECK(verdict.decision.row.state == R"({"old":1})");
}

TEST_CASE("with another state a poll is stored whole or not at all", "[engine][triggers]") {
  auto const verdict =
      decide_poll(row_with_state(), found_at(noon, {"a", "b"}, true), false, unfinished({"b"}));
  CHECK(verdict.suppressed);
  CHECK(verdict.decision.firings.empty());
  CHECK(verdict.decision.row.state == R"({"old":1})");
  auto const each =
      decide_poll(row_with_state(), found_at(noon, {"a", "b"}, false), false, unfinished({"b"}));
  CHECK(each.suppressed);
  REQUIRE(each.decision.firings.size() == 1);
  CHECK(each.decision.firings[0].context_hash == "a");
  auto const all =
      decide_poll(row_with_state(), found_at(noon, {"a", "b"}, true), true, unfinished({"b"}));
  CHECK_FALSE(all.suppressed);
  CHECK(all.decision.firings.size() == 2);
}

TEST_CASE("no two fires share an instant, whatever the clock does", "[engine][triggers]") {
  auto row = row_with_state();
  row.last_at = noon + 1h;
  auto const verdict =
      decide_poll(std::move(row), found_at(noon, {"a", "b"}, true), false, unfinished({}));
  CHECK(verdict.decision.firings[0].nominal == noon + 1h + 1us);
  CHECK(verdict.decision.firings[1].nominal == noon + 1h + 2us);
}

TEST_CASE("a trigger counts without gap or repetition, whatever the database answers",
          "[engine][simulation][triggers][unknown]") {
  using backend::Failure;
  auto const point = GENERATE(as<std::string>{}, "begin", "fence", "commit.before", "commit.after");
  auto const failure = GENERATE(Failure::again, Failure::broken, Failure::unknown);
  if (point.starts_with("commit") != (failure == Failure::unknown)) return;
  CAPTURE(point, static_cast<int>(failure));
  Simulation simulation{3};
  ScratchDirectory directory;
  std::mt19937 dice{4};
  int happened = 0;
  bool armed = false;  // a constructor tells its caller
  auto const fault = [&](std::string_view at) {
    if (!armed || at != point || dice() % 3 != 0) return;
    ++happened;
    throw backend::SessionError{failure, "injected at " + point, "SQLITE_IOERR"};
  };
  SimulatedRunner runner{simulation,
                         {WorkflowBuilder{"found"}.task("only", [](TaskContext<>&) {}).build()},
                         {.url = directory.sqlite_url() + "?_synchronous=NORMAL",
                          .fault = [&](std::string_view at) { fault(at); },
                          .triggers = {counting_to(40)}}};
  armed = true;
  RawDatabase const raw{directory.path() / "test.db"};
  REQUIRE(simulation.run_until([&] {
    return raw.integer("SELECT count(*) FROM workflow_executions WHERE status = 'Completed'") >= 40;
  }));
  simulation.run_for(5s);
  CHECK(happened > 10);
  auto const numbers = raw.column(
      "SELECT input -> '$.number' FROM workflow_executions ORDER BY 1 * (input -> '$.number')");
  REQUIRE(numbers.size() == 40);
  for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(numbers[i] == std::to_string(i + 1));
  CHECK(raw.integer("SELECT count(*) FROM schedule_firings") == 40);
}
