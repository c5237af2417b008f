// A shutdown that may not wait for the engine, because the database keeps it in a call.
#include <atomic>
#include <memory>
#include <thread>

#include <cloacina/environment.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/running.hpp"

#include "runner/machine.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// Polls, because nobody tells a process what another one stores.
void wait_until(std::function<bool()> const& holds) {
  auto const deadline = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() > deadline) throw std::runtime_error{"it did not come to that"};
    std::this_thread::sleep_for(5ms);
  }
}

/// A runner that was shut down while its engine is in the middle of a commit.
struct LeftBehind {
  ScratchDirectory directory;
  /// Outlives this: the engine may still come by.
  struct Held {
    std::string point;  ///< where the engine is held until `gate` is opened
    Gate gate;
    std::atomic<bool> armed{false};
  };
  std::shared_ptr<Held> held = std::make_shared<Held>();
  std::shared_ptr<detail::Machine> machine{std::make_shared<detail::Machine>(
      detail::Machine::Parts{.database_url = directory.sqlite_url(),
                             .config = {},
                             .workflows = registry_of({nothing()}).snapshot(),
                             .environment = Environment::system(),
                             .observer = nullptr,
                             .fault = [held = held](std::string_view at) {
                               if (held->armed && at == held->point) held->gate.pass();
                             }})};
  RawDatabase raw{directory.path() / "test.db"};
  std::shared_ptr<engine::Acceptance> answer = std::make_shared<engine::Acceptance>(1);

  explicit LeftBehind(std::string const& where = "commit.before") {
    held->point = where;
    auto submission = machine->make_submission("nothing", {}, {});
    submission.acceptance = answer;
    std::vector<engine::Submission> one;
    one.push_back(std::move(submission));
    held->armed = true;
    machine->submit(std::move(one));
    held->gate.wait_for_arrivals(1);
    machine->shutdown(0ms);
  }
  ~LeftBehind() {
    held->gate.open();
    wait_until([&] { return raw.text("SELECT state FROM runners LIMIT 1") != "alive"; });
  }
};

}  // namespace

TEST_CASE("an engine that was left behind gives everything back and ends, once its call succeeds",
          "[left-behind]") {
  LeftBehind left;
  left.held->gate.open();
  wait_until([&] { return left.raw.text("SELECT state FROM runners") == "stopped"; });
  CHECK(left.raw.integer("SELECT count(*) FROM workflow_executions WHERE owner IS NOT NULL") == 0);
  // Accepted or not: there is an answer, and it is true.
  REQUIRE(left.answer->signal().wait(Environment::system(), patience));
  CHECK(left.raw.integer("SELECT count(*) FROM workflow_executions") ==
        (left.answer->error() ? 0 : 1));
}

TEST_CASE("a submission under way is answered, also when its runner was declared dead meanwhile",
          "[left-behind]") {
  // Before the fence: the transaction has not begun.
  LeftBehind left{"begin"};
  left.raw.execute("UPDATE runners SET state = 'dead', ended_at = 1");
  left.held->gate.open();
  REQUIRE(left.answer->signal().wait(Environment::system(), patience));
  CHECK_THROWS_AS(std::rethrow_exception(left.answer->error()), RunnerStopped);
}

TEST_CASE("runners that both waited for the write lock do not take each other over",
          "[left-behind][lease]") {
  ScratchDirectory directory;
  DefaultRunnerConfig const config{.scheduler_poll_interval = 100ms, .lease = 1s};
  auto first = start(directory.sqlite_url(), {nothing()}, config);
  auto second = start(directory.sqlite_url(), {nothing()}, config);
  RawDatabase raw{directory.path() / "test.db"};
  // Somebody long dead, so that there is something to take over.
  raw.execute(
      "INSERT INTO runners SELECT randomblob(16), 'alive', 0, 1, boot_id, 'dead', host, 1, "
      "library_version, 1, NULL FROM runners LIMIT 1");
  auto const longest_lease = raw.integer("SELECT max(lease_until) FROM runners");
  raw.execute("BEGIN IMMEDIATE");
  wait_until([&] {
    auto const now = Clock::now().time_since_epoch();
    return std::chrono::microseconds{longest_lease} + 300ms < now;
  });
  raw.execute("COMMIT");
  wait_until([&] {
    return raw.integer("SELECT count(*) FROM runners WHERE state = 'dead' AND name = 'dead'") == 1;
  });
  CHECK(raw.integer("SELECT count(*) FROM runners WHERE state = 'alive'") == 2);
  CHECK(raw.integer("SELECT count(*) FROM runners") == 3);  // nobody had to register again
}

TEST_CASE("what must not run twice and has not begun is given back as Ready",
          "[left-behind][at-most-once]") {
  ScratchDirectory directory;
  Gate gate;
  std::atomic<int> runs{0};
  auto const workflow = one_task("once",
                                 [&](TaskContext<>&) {
                                   ++runs;
                                   gate.pass();
                                 },
                                 {.execution = at_most_once});
  RawDatabase raw = [&] {
    auto runner = start(directory.sqlite_url(), {workflow}, {.max_concurrent_tasks = 1});
    (void)runner.submit_many("once", std::vector<Context>(5));
    gate.wait_for_arrivals(1);
    RawDatabase seen{directory.path() / "test.db"};
    wait_until([&] {
      return seen.integer("SELECT count(*) FROM task_executions WHERE status = 'Running'") == 5;
    });
    std::thread opener{[&] {
      // The drain takes the four back before the first may end.
      wait_until([&] {
        return seen.integer("SELECT count(*) FROM task_executions WHERE status = 'Ready'") == 4;
      });
      gate.open();
    }};
    runner.shutdown(patience);
    opener.join();
    return seen;
  }();
  CHECK(raw.integer("SELECT count(*) FROM task_executions WHERE status = 'Completed'") == 1);
  CHECK(raw.integer("SELECT count(*) FROM task_executions WHERE status = 'Ready'") == 4);
  auto next = start(directory.sqlite_url(), {workflow});
  for (auto const& info : next.list({}))
    CHECK(wait(next.handle(info.id)).status() == WorkflowStatus::completed);
  CHECK(runs == 5);
}

TEST_CASE("what a runner that was declared dead has not stored is answered when it is shut down",
          "[left-behind]") {
  ScratchDirectory directory;
  auto const refused = std::make_shared<std::atomic<int>>(0);
  auto const refusing = std::make_shared<std::atomic<bool>>(false);
  detail::Machine machine{
      {.database_url = directory.sqlite_url(),
       .config = {},
       .workflows = registry_of({nothing()}).snapshot(),
       .environment = Environment::system(),
       .observer = nullptr,
       .fault = [refused, refusing](std::string_view at) {
         if (!*refusing || at != "insert_runner") return;
         ++*refused;
         throw backend::SessionError{backend::Failure::again, "injected", "SQLITE_BUSY"};
       }}};
  RawDatabase raw{directory.path() / "test.db"};
  *refusing = true;
  raw.execute("UPDATE runners SET state = 'dead'");
  auto submission = machine.make_submission("nothing", {}, {});
  auto const answer = submission.acceptance = std::make_shared<engine::Acceptance>(1);
  auto const end = submission.completion = std::make_shared<engine::Completion>(submission.id);
  std::vector<engine::Submission> one;
  one.push_back(std::move(submission));
  machine.submit(std::move(one));
  wait_until([&] { return *refused > 0; });  // dead, and it cannot register again
  machine.shutdown(0ms);
  REQUIRE(answer->signal().wait(Environment::system(), patience));
  CHECK_THROWS_AS(std::rethrow_exception(answer->error()), RunnerStopped);
  REQUIRE(end->signal().wait(Environment::system(), patience));
  CHECK_THROWS_AS(end->result(), RunnerStopped);
}

// It was told that it was not stored.
TEST_CASE("who submits is told when a shutdown leaves it unknown whether it is stored",
          "[left-behind]") {
  auto const point = GENERATE(as<std::string>{}, "commit.before", "commit.after");
  CAPTURE(point);
  ScratchDirectory directory;
  auto const armed = std::make_shared<std::atomic<bool>>(false);
  auto const asked = std::make_shared<std::atomic<int>>(0);
  detail::Machine machine{
      {.database_url = directory.sqlite_url(),
       .config = {},
       .workflows = registry_of({nothing()}).snapshot(),
       .environment = Environment::system(),
       .observer = nullptr,
       .fault = [armed, asked, point](std::string_view at) {
         if (!*armed || (at != point && at != "read_runner")) return;
         if (at == "read_runner") ++*asked;
         throw backend::SessionError{backend::Failure::unknown, "injected", "SQLITE_IOERR"};
       }}};
  auto submission = machine.make_submission("nothing", {}, {});
  auto const answer = submission.acceptance = std::make_shared<engine::Acceptance>(1);
  std::vector<engine::Submission> one;
  one.push_back(std::move(submission));
  *armed = true;
  machine.submit(std::move(one));
  wait_until([&] { return *asked > 0; });
  machine.shutdown(0ms);
  REQUIRE(answer->signal().wait(Environment::system(), patience));
  CHECK_THROWS_WITH(std::rethrow_exception(answer->error()), Catch::Contains("it is not known"));
  RawDatabase raw{directory.path() / "test.db"};
  CHECK(raw.integer("SELECT count(*) FROM workflow_executions") ==
        (point == "commit.after" ? 1 : 0));
}
