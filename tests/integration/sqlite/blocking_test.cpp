// How long calls block while another process holds the write lock: what docs/reference/blocking.md
// promises.
#include <future>

#include <asio/use_future.hpp>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// A runner and a client, each of which tries for 10 ms at a time, and somebody who may lock them
/// out.
struct Locked {
  ScratchDirectory directory;
  std::string url = directory.sqlite_url() + "?_busy_timeout=10";
  Workflow known = one_task("known", [](TaskContext<>&) {});
  Workflow foreign = one_task("foreign", [](TaskContext<>&) {});
  DefaultRunner runner = start(url, {known});
  Client client{url, registry_of({known, foreign})};
  ExecutionId ended = runner.execute("known", {}).id();
  ExecutionId unowned = client.submit("foreign", {});  // the runner does not know it
  RawDatabase other{directory.path() / "test.db"};

  Locked() { other.execute("BEGIN IMMEDIATE"); }
  void let_go() { other.execute("ROLLBACK"); }
};

/// Time itself is what is tested: many times as long as one try.
template <class Future>
bool waits(Future& pending) {
  return pending.wait_for(300ms) == std::future_status::timeout;
}

}  // namespace

TEST_CASE("reads do not wait for writers", "[blocking]") {
  Locked it;
  CHECK(it.runner.status(it.ended) == WorkflowStatus::completed);
  CHECK(it.runner.result(it.ended).status() == WorkflowStatus::completed);
  CHECK(it.runner.list().size() == 2);
  CHECK(it.runner.handle(it.ended).id() == it.ended);
  CHECK(it.client.status(it.unowned) == WorkflowStatus::pending);
  CHECK(it.client.result(it.ended).status() == WorkflowStatus::completed);
  CHECK(it.client.list().size() == 2);
}

TEST_CASE("a runner's submissions wait as long as the database is busy", "[blocking]") {
  Locked it;
  auto blocking = std::async(std::launch::async, [&] { return it.runner.submit("known", {}); });
  auto pending = it.runner.async_submit("known", Context{}, asio::use_future);
  CHECK(waits(blocking));
  CHECK(waits(pending));
  it.let_go();
  CHECK(wait(blocking.get()).status() == WorkflowStatus::completed);
  CHECK(wait(pending.get()).status() == WorkflowStatus::completed);
}

TEST_CASE("a shutdown ends the wait of a submission", "[blocking][shutdown]") {
  Locked it;
  auto blocking = std::async(std::launch::async, [&] { return it.runner.submit("known", {}); });
  CHECK(waits(blocking));
  it.runner.shutdown(0ms);
  CHECK_THROWS_AS(blocking.get(), RunnerStopped);
}

TEST_CASE("a runner cancels what nobody owns once the database is free", "[blocking][cancel]") {
  Locked it;
  auto cancelled = std::async(std::launch::async, [&] { it.runner.cancel(it.unowned); });
  CHECK(waits(cancelled));
  it.let_go();
  CHECK_NOTHROW(cancelled.get());
  CHECK(it.client.status(it.unowned) == WorkflowStatus::cancelled);
}

TEST_CASE("a client's writes are tried again while the database is busy", "[blocking][client]") {
  Locked it;
  auto submitted = std::async(std::launch::async, [&] { return it.client.submit("known", {}); });
  CHECK(waits(submitted));
  it.let_go();
  CHECK(it.client.status(submitted.get()) != WorkflowStatus::failed);
  it.other.execute("BEGIN IMMEDIATE");
  auto cancelled = std::async(std::launch::async, [&] { it.client.cancel(it.unowned); });
  CHECK(waits(cancelled));
  it.let_go();
  CHECK_NOTHROW(cancelled.get());
}
