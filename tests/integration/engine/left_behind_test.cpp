// A shutdown that may not wait for the engine, because the database keeps it in a call.
#include <future>
#include <optional>
#include <thread>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

Workflow nothing() {
  return one_task("nothing", [](TaskContext<>&) {});
}

/// Polls, because nobody tells a process what another one stores.
void wait_until(std::function<bool()> const& holds) {
  auto const deadline = Clock::now() + patience;
  while (!holds()) {
    if (Clock::now() > deadline) throw std::runtime_error{"it did not come to that"};
    std::this_thread::sleep_for(5ms);
  }
}

/// A runner whose engine waits for the write lock, and the caller whose submission it wants to
/// store. Shut down meanwhile.
struct LeftBehind {
  ScratchDirectory directory;
  std::optional<DefaultRunner> runner{start(directory.sqlite_url(), {nothing()})};
  RawDatabase raw{directory.path() / "test.db"};
  std::future<void> submission;

  LeftBehind() {
    raw.execute("BEGIN IMMEDIATE");
    submission = std::async(std::launch::async, [this] { (void)runner->submit("nothing", {}); });
    // The engine has taken it, or takes it in its next turn; both end in the lock.
    runner->shutdown(0ms);
  }
};

}  // namespace

TEST_CASE("an engine that was left behind gives everything back and ends, once its call succeeds",
          "[left-behind]") {
  LeftBehind left;
  left.raw.execute("COMMIT");
  CHECK_THROWS_AS(left.submission.get(), RunnerStopped);
  wait_until([&] { return left.raw.text("SELECT state FROM runners") == "stopped"; });
  CHECK(left.raw.integer("SELECT count(*) FROM workflow_executions WHERE owner IS NOT NULL") == 0);
  // It claims nothing more.
  auto const commits = left.raw.text("SELECT commit_seq FROM runners");
  auto const id =
      Client{left.directory.sqlite_url(), registry_of({nothing()})}.submit("nothing", {});
  auto second = start(left.directory.sqlite_url(), {nothing()});
  CHECK(wait(second.handle(id)).status() == WorkflowStatus::completed);
  CHECK(left.raw.text("SELECT commit_seq FROM runners WHERE state = 'stopped'") == commits);
}

TEST_CASE("a submission under way is answered, also when its runner was declared dead meanwhile",
          "[left-behind]") {
  LeftBehind left;
  left.raw.execute("UPDATE runners SET state = 'dead', ended_at = 1");
  left.raw.execute("COMMIT");
  REQUIRE(left.submission.wait_for(patience) == std::future_status::ready);
  CHECK_THROWS_AS(left.submission.get(), RunnerStopped);
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
