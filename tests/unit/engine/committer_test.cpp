// Who writes under a runner's id: numbers, and answers that were lost (R1, R8).
#include "engine/committer.hpp"

#include <cloacina/environment.hpp>

#include "dal/workflow_executions.hpp"
#include "support/catch.hpp"
#include "support/scratch_directory.hpp"

using namespace cloacina;
using namespace cloacina::test;
using backend::Failure;
using backend::SessionError;

namespace {

engine::Committer::Settings settings() {
  engine::Committer::Settings settings;
  settings.lease = std::chrono::seconds{15};
  settings.row.workflows = "[]";
  return settings;
}

std::vector<std::string> states(backend::Database& database) {
  std::vector<std::string> states;
  for (auto const& runner : dal::list_runners(database, *database.reader()))
    states.push_back(runner.state);
  return states;
}

}  // namespace

TEST_CASE("a takeover whose answer is lost is not mistaken for the batch that follows",
          "[engine][committer][unknown]") {
  bool const takeover_applied = GENERATE(true, false);
  bool const batch_lost_too = GENERATE(true, false);
  CAPTURE(takeover_applied, batch_lost_too);
  enum class Next { nothing, takeover, reading, batch } next = Next::nothing;
  backend::OpenOptions options;
  options.fault = [&](std::string_view point) {
    if (next == Next::takeover && point == (takeover_applied ? "commit.after" : "commit.before")) {
      next = Next::reading;
      throw SessionError{Failure::unknown, "injected in the takeover", "SQLITE_IOERR"};
    }
    if (next == Next::reading && point == "read_runner") {
      next = batch_lost_too ? Next::batch : Next::nothing;
      throw SessionError{Failure::again, "injected while reading", "SQLITE_BUSY"};
    }
    if (next == Next::batch && point == "commit.after") {
      next = Next::nothing;
      throw SessionError{Failure::unknown, "injected in the next one", "SQLITE_IOERR"};
    }
  };
  ScratchDirectory directory;
  auto const database =
      backend::Database::open(DatabaseUrl::parse(directory.sqlite_url()), options);
  auto const environment = Environment::system();
  engine::Committer committer{settings(), environment, *database};
  committer.enroll();

  next = Next::takeover;
  dal::TakeoverResult result;
  CHECK_FALSE(committer.take_over(environment.now(), result));
  CHECK(next == (batch_lost_too ? Next::batch : Next::nothing));
  dal::Batch batch;
  auto const id = environment.new_id();
  auto& insert = batch.inserts.emplace_back();
  insert.id = id;
  insert.workflow = "w";
  insert.version = "1";
  insert.input = "{}";
  insert.created_at = environment.now();
  auto& end = batch.updates.emplace_back();
  end.id = id;
  end.status = WorkflowStatus::completed;
  auto const outcome = committer.commit(batch);
  REQUIRE(std::holds_alternative<dal::Committed>(outcome));
  CHECK(std::get<dal::Committed>(outcome).not_inserted.empty());
  auto const stored = dal::find_execution(committer.session(), id);
  REQUIRE(stored.has_value());
  CHECK(stored->status == WorkflowStatus::completed);
}

TEST_CASE("a registration whose answer is lost is made once", "[engine][committer][unknown]") {
  auto const lost = GENERATE(as<std::string>{}, "commit.before", "commit.after");
  bool const declared_dead = GENERATE(false, true);
  CAPTURE(lost, declared_dead);
  bool losing = false;
  backend::OpenOptions options;
  options.fault = [&](std::string_view point) {
    if (point == lost && std::exchange(losing, false))
      throw SessionError{Failure::unknown, "injected", "SQLITE_IOERR"};
  };
  ScratchDirectory directory;
  auto const database =
      backend::Database::open(DatabaseUrl::parse(directory.sqlite_url()), options);
  auto const environment = Environment::system();
  engine::Committer committer{settings(), environment, *database};

  losing = true;
  CHECK_THROWS_AS(committer.enroll(), SessionError);
  committer.session_failed();
  bool const made = !states(*database).empty();
  CHECK(made == (lost == "commit.after"));
  static constexpr backend::Statement everybody_dies{
      .name = "everybody_dies", .sqlite = "UPDATE {s}.runners SET state = 'dead'"};
  if (declared_dead) (void)committer.session().execute(everybody_dies);
  committer.enroll();
  CHECK(states(*database) == (made && declared_dead ? std::vector<std::string>{"dead", "alive"}
                                                    : std::vector<std::string>{"alive"}));
  CHECK(std::holds_alternative<dal::Committed>(committer.commit({})));
}
