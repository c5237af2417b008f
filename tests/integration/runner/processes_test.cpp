// Work that crosses processes and lives of runners.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

DefaultRunnerConfig const quick{.scheduler_poll_interval = 10ms, .lease = 500ms};

Workflow who() {
  return one_task("who", [](TaskContext<>& context) {
    context.put("pid", static_cast<std::int64_t>(::getpid()));
  });
}

/// A process that runs a runner until it is told to end. Started before this process has threads of
/// its own.
class RunnerProcess {
 public:
  RunnerProcess(std::string const& url, std::vector<Workflow> const& workflows) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::close(ends[1]);
      int code = 1;
      try {
        auto runner = start(url, workflows, quick);
        char byte = 0;
        (void)!::read(ends[0], &byte, 1);  // until the other end is closed
        runner.shutdown(5s);
        code = 0;
      } catch (...) {}
      ::_exit(code);
    }
    ::close(ends[0]);
    end_ = ends[1];
  }
  ~RunnerProcess() {
    if (pid_ > 0) kill();
  }
  /// Its exit code.
  int stop() {
    ::close(std::exchange(end_, -1));
    return wait_for_it();
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    (void)wait_for_it();
  }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  int wait_for_it() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    if (end_ >= 0) ::close(std::exchange(end_, -1));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  pid_t pid_ = -1;
  int end_ = -1;
};

/// What a client sees of an execution, once it has ended.
ExecutionResult result_of(Client& client, ExecutionId id) {
  auto const give_up = Clock::now() + patience;
  while (!is_final(client.status(id))) {
    if (Clock::now() > give_up) throw std::runtime_error{"it did not end"};
    std::this_thread::sleep_for(2ms);  // a client has nothing to wait on
  }
  return client.result(id);
}

}  // namespace

TEST_CASE("a client submits, and a runner in another process runs", "[processes]") {
  TestDatabase database;
  RunnerProcess runner{database.url(), {who()}};
  auto const pid = runner.pid();
  Client client{database.url(), registry_of({who()})};
  auto const result = result_of(client, client.submit("who", {}));
  CHECK(result.context().get("pid") == pid);
  for (auto const id : client.submit_many("who", std::vector<Context>(50)))
    CHECK(result_of(client, id).context().get("pid") == pid);
  CHECK(client.list({.status = WorkflowStatus::completed}).size() == 51);
  auto const key = client.submit("who", Context{{"n", 1}}, {.idempotency_key = "k"});
  CHECK(client.submit("who", Context{{"n", 1}}, {.idempotency_key = "k"}) == key);
  CHECK_THROWS_AS(client.submit("who", Context{{"n", 2}}, {.idempotency_key = "k"}),
                  ValidationError);
  (void)result_of(client, key);
  CHECK(runner.stop() == 0);
  CHECK(client.status(client.submit("who", {})) == WorkflowStatus::pending);
}

TEST_CASE("what a killed process had begun is finished by another", "[processes][takeover]") {
  TestDatabase database;
  auto const dies = one_task("dies", [&](TaskContext<>& context) -> asio::awaitable<void> {
    if (context.get_as<bool>("hang")) {
      if (database.raw().integer("SELECT takeovers FROM workflow_executions") == 0)
        co_await context.async_sleep_for(1h);
    }
    context.put("pid", static_cast<std::int64_t>(::getpid()));
  });
  ExecutionId id;
  {
    Client client{database.url(), registry_of({dies})};
    id = client.submit("dies", Context{{"hang", true}});
  }
  pid_t killed = 0;
  {
    RunnerProcess runner{database.url(), {dies}};
    killed = runner.pid();
    auto const raw = database.raw();
    auto const give_up = Clock::now() + patience;
    while (raw.integer("SELECT count(*) FROM task_executions WHERE status = 'Running'") == 0) {
      REQUIRE(Clock::now() < give_up);
      std::this_thread::sleep_for(2ms);
    }
    runner.kill();
  }
  auto runner = start(database.url(), {dies}, quick);
  auto const result = wait(runner.handle(id));
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.context().get("pid") == ::getpid());
  CHECK(result.context().get("pid") != killed);
  CHECK(result.task("only").attempts == 1);
}

TEST_CASE("a restarted program goes on where it was, and its handle finds the run", "[processes]") {
  TestDatabase database;
  std::atomic<int> first_runs{0};
  auto const workflow = [&](std::shared_ptr<Gate> gate) {
    return WorkflowBuilder{"two"}
        .task("first", [&](TaskContext<>& context) { context.put("first", ++first_runs); })
        .task("second", {"first"},
              [gate](TaskContext<>& context) {
                gate->pass();
                context.put("second", true);
              })
        .build();
  };
  auto const closed = std::make_shared<Gate>();
  ExecutionId id;
  {
    auto runner = start(database.url(), {workflow(closed)}, quick);
    id = runner.submit("two", {}).id();
    closed->wait_for_arrivals(1);
    runner.shutdown(0ms);
  }
  auto const open = std::make_shared<Gate>();
  open->open();
  auto runner = start(database.url(), {workflow(open)}, quick);
  auto const result = wait(runner.handle(id));
  CHECK(result.status() == WorkflowStatus::completed);
  CHECK(result.context().get("first") == 1);
  CHECK(first_runs == 1);
  closed->open();
}

TEST_CASE("a version that nobody here knows waits for somebody who does", "[processes]") {
  TestDatabase database;
  auto const version = [](std::uint32_t number) {
    return WorkflowBuilder{"versioned"}.version(number).task("only", [](TaskContext<>&) {}).build();
  };
  ExecutionId id;
  {
    Client client{database.url(), registry_of({version(1)})};
    id = client.submit("versioned", {});
  }
  {
    auto newer = start(database.url(), {version(2)}, quick);
    CHECK(wait(newer.submit("versioned", {})).status() == WorkflowStatus::completed);
    CHECK(newer.status(id) == WorkflowStatus::pending);
  }
  auto runner = start(database.url(), {version(1)}, quick);
  CHECK(wait(runner.handle(id)).status() == WorkflowStatus::completed);
}

TEST_CASE("the child of a fork can neither use nor harm what its parent has", "[processes][fork]") {
  TestDatabase database;
  auto runner = start(database.url(), {who()});
  auto client = std::make_unique<Client>(database.url(), registry_of({who()}));
  auto const handle = runner.submit("who", {});
  pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int refused = 0;
    auto const refuses = [&](auto&& call) {
      try {
        call();
      } catch (StateError const&) {
        ++refused;
      } catch (...) {}
    };
    refuses([&] { (void)runner.submit("who", {}); });
    refuses([&] { (void)runner.list(); });
    refuses([&] { (void)client->submit("who", {}); });
    refuses([&] { (void)client->list(); });
    client.reset();
    { auto const gone = std::move(runner); }
    ::_exit(refused);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 4);
  CHECK(wait(handle).status() == WorkflowStatus::completed);
  CHECK(wait(runner.submit("who", {})).status() == WorkflowStatus::completed);
  CHECK(client->list().size() == 2);
}

TEST_CASE("a submission by another process starts within 60 ms", "[processes][hints]") {
  TestDatabase database;
  std::atomic<std::int64_t> started{0};
  auto const workflow =
      one_task("work", [&](TaskContext<>&) { started = Clock::now().time_since_epoch().count(); });
  // The slow poll finds the first one, a second later; nothing but hints the others in time.
  auto runner = start(database.url(), {workflow});
  Client client{database.url(), registry_of({workflow})};
  std::vector<Clock::duration> waited;
  for (int i = 0; i < 21; ++i) {
    started = 0;
    auto const submitted = Clock::now();
    auto const id = client.submit("work", {});
    CHECK(wait(runner.handle(id)).status() == WorkflowStatus::completed);
    waited.push_back(Clock::time_point{Clock::duration{started}} - submitted);
  }
  std::sort(waited.begin(), waited.end());
  CAPTURE(std::chrono::duration_cast<std::chrono::milliseconds>(waited.back()).count());
  CHECK(waited[waited.size() / 2] <= 60ms);
}

TEST_CASE("runners are listed with what they own, and with what became of them", "[processes]") {
  TestDatabase database;
  Gate gate;
  auto runner = start(database.url(), {one_task("held", [&](TaskContext<>&) { gate.pass(); })},
                      {.runner_name = "first"});
  auto const handle = runner.submit("held", {});
  gate.wait_for_arrivals(1);
  Client client{database.url(), Registry{}};
  REQUIRE(client.runners().size() == 1);
  auto const seen = client.runners().front();
  CHECK(seen.name == "first");
  CHECK(seen.pid == ::getpid());
  CHECK(seen.state == RunnerState::alive);
  CHECK(seen.executions == 1);
  CHECK_FALSE(seen.ended_at.has_value());
  auto raw = database.raw();
  raw.execute("UPDATE runners SET boot_id = 'another'");  // of a kernel that is gone
  CHECK(runner.runners().front().state == RunnerState::overdue);
  raw.execute("UPDATE runners SET state = 'dead'");
  CHECK(client.runners().front().state == RunnerState::dead);
  CHECK(to_string(RunnerState::overdue) == "overdue");
  gate.open();
}
