// Many tenants in one program: what they share, and what they do not.
#include <algorithm>
#include <atomic>
#include <thread>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>
#include <cloacina/tenant_host.hpp>

#include "support/catch.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// Names for so many tenants, and where they are kept; removed at the end.
class Places {
 public:
  explicit Places(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      if (TestDatabase::is_postgres()) schemas_.push_back(std::make_unique<PostgresSchema>());
  }
  [[nodiscard]] std::string url() const {
    if (schemas_.empty()) return "sqlite://" + directory_.path().string();
    auto const server = PostgresSchema::server_url();
    return server + (server.find('?') == std::string::npos ? "?" : "&") +
           "application_name=" + program();
  }
  [[nodiscard]] std::string name(std::size_t i) const {
    return schemas_.empty() ? "tenant_" + std::to_string(i) : schemas_[i]->name();
  }
  /// For a program of the tenant's own.
  [[nodiscard]] std::string url_of(std::size_t i) const {
    return schemas_.empty() ? url() + "/" + name(i) + ".db" : schemas_[i]->url();
  }
  /// How the host's sessions are called.
  [[nodiscard]] std::string program() const { return "host_of_" + schemas_.front()->name(); }
  [[nodiscard]] PostgresSchema& server() const { return *schemas_.front(); }

 private:
  ScratchDirectory directory_;
  std::vector<std::unique_ptr<PostgresSchema>> schemas_;
};

DefaultRunnerConfig with_workers(std::size_t workers) {
  auto config = TenantHost::default_config();
  config.max_concurrent_tasks = workers;
  return config;
}

}  // namespace

TEST_CASE("each tenant of a host has executions of its own", "[tenant_host]") {
  Places const places{2};
  TenantHost host{
      places.url(), TenantHost::default_config(),
      registry_of({one_task("work", [](TaskContext<>& context) { context.put("done", true); })})};
  CHECK(host.tenants().empty());
  auto const first = host.tenant(places.name(0));
  auto const result = first->execute("work", {});
  CHECK(result.context().get("done") == true);
  CHECK(host.tenant(places.name(0)) == first);
  CHECK(host.tenant(places.name(1))->list().empty());
  CHECK_THROWS_AS(host.tenant(places.name(1))->result(result.id()), ExecutionNotFound);
  CHECK(host.tenants() == std::vector{places.name(0), places.name(1)});
}

TEST_CASE("the tenants of a host share its workers", "[tenant_host]") {
  constexpr int workers = 2;
  constexpr std::size_t tenants = 4;
  Places const places{tenants};
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  Gate both;
  auto const work = one_task("work", [&](TaskContext<>&) {
    auto const here = ++now;
    for (auto seen = most.load(); seen < here && !most.compare_exchange_weak(seen, here);) {}
    both.pass();
    --now;
  });
  TenantHost host{places.url(), with_workers(workers), registry_of({work})};
  std::vector<ExecutionHandle> handles;
  for (std::size_t i = 0; i < tenants; ++i)
    for (auto& handle : host.tenant(places.name(i))->submit_many("work", std::vector<Context>(3)))
      handles.push_back(std::move(handle));
  both.wait_for_arrivals(workers);
  both.open();
  for (auto const& handle : handles) CHECK(wait(handle).status() == WorkflowStatus::completed);
  CHECK(most == workers);
}

TEST_CASE("a tenant with much to do leaves room for the others", "[tenant_host]") {
  constexpr int much = 1'000;
  Places const places{2};
  std::atomic<int> done{0};
  auto const long_ones = one_task("long", [&](TaskContext<>&) {
    std::this_thread::sleep_for(1ms);
    ++done;
  });
  TenantHost host{places.url(), with_workers(1),
                  registry_of({long_ones, one_task("quick", [](TaskContext<>&) {})})};
  auto const other = host.tenant(places.name(1));
  auto const handles = host.tenant(places.name(0))->submit_many("long", std::vector<Context>(much));
  CHECK(wait(other->submit("quick", {})).status() == WorkflowStatus::completed);
  CHECK(done < much / 2);
  for (auto const& handle : handles) CHECK(wait(handle).status() == WorkflowStatus::completed);
}

TEST_CASE("a body of one tenant may wait for another's, with one worker", "[tenant_host]") {
  Places const places{2};
  TenantHost* here = nullptr;
  auto const ask = one_task("ask", [&](TaskContext<>& context) {
    auto const result = here->tenant(places.name(1))->execute("answer", {});
    context.put("answer", result.context().get("answer"));
  });
  auto const answer = one_task("answer", [](TaskContext<>& context) { context.put("answer", 42); });
  TenantHost host{places.url(), with_workers(1), registry_of({ask, answer})};
  here = &host;
  auto const result = wait(host.tenant(places.name(0))->submit("ask", {}));
  CHECK(result.context().get("answer") == 42);
}

TEST_CASE("what others submit to a tenant's database wakes its runner", "[tenant_host][listen]") {
  Places const places{3};
  auto config = with_workers(1);
  if (TestDatabase::is_postgres()) config.scheduler_poll_interval = 1h;
  auto const registry = registry_of({one_task("work", [](TaskContext<>&) {})});
  TenantHost host{places.url(), config, registry};
  for (std::size_t i = 0; i < 3; ++i) (void)host.tenant(places.name(i));
  for (std::size_t i = 0; i < 3; ++i) {
    Client client{places.url_of(i), registry};
    auto const id = client.submit("work", {});
    CHECK(wait(host.tenant(places.name(i))->handle(id)).status() == WorkflowStatus::completed);
  }
}

TEST_CASE("a tenant is closed, and opened again with what it has", "[tenant_host]") {
  Places const places{2};
  TenantHost host{places.url(), with_workers(1),
                  registry_of({one_task("work", [](TaskContext<>&) {})})};
  auto const before = host.tenant(places.name(0));
  auto const id = before->execute("work", {}).id();
  CHECK(host.close(places.name(0)));
  CHECK_FALSE(host.close(places.name(0)));
  CHECK_FALSE(host.close("never_opened"));
  CHECK(host.tenants().empty());
  CHECK_THROWS_AS(before->execute("work", {}), RunnerStopped);
  CHECK(host.tenant(places.name(0))->status(id) == WorkflowStatus::completed);
  CHECK(wait(host.tenant(places.name(1))->submit("work", {})).status() ==
        WorkflowStatus::completed);
}

TEST_CASE("a body that does not end keeps its tenant's thread, and no other's", "[tenant_host]") {
  Places const places{2};
  auto gate = std::make_shared<Gate>();
  auto const deaf = one_task("deaf", [gate](TaskContext<>&) { gate->pass(); });
  TenantHost host{places.url(), with_workers(1),
                  registry_of({deaf, one_task("quick", [](TaskContext<>&) {})})};
  auto const other = host.tenant(places.name(1));
  auto const handle = host.tenant(places.name(0))->submit("deaf", {});
  gate->wait_for_arrivals(1);
  CHECK(time_of([&] { host.close(places.name(0), 20ms); }) < 10s);
  CHECK(wait(other->submit("quick", {})).status() == WorkflowStatus::completed);
  gate->open();
  CHECK(wait(host.tenant(places.name(0))->handle(handle.id())).status() ==
        WorkflowStatus::completed);
}

TEST_CASE("a host that is shut down gives back what its tenants had", "[tenant_host]") {
  Places const places{3};
  auto gate = std::make_shared<Gate>();
  auto const work = one_task("work", [gate](TaskContext<>& context) {
    gate->open();
    context.sleep_for(1h);
  });
  TenantHost host{places.url(), with_workers(1), registry_of({work})};
  std::vector<ExecutionId> ids;
  for (std::size_t i = 0; i < 3; ++i)
    ids.push_back(host.tenant(places.name(i))->submit("work", {}).id());
  gate->pass();
  host.shutdown(100ms);
  CHECK_THROWS_AS(host.tenant(places.name(0)), RunnerStopped);
  for (std::size_t i = 0; i < 3; ++i) {
    auto next = start(places.url_of(i), {one_task("work", [](TaskContext<>&) {})});
    CHECK(wait(next.handle(ids[i])).status() == WorkflowStatus::completed);
  }
}

TEST_CASE("what is no tenant's name, URL or configuration is refused", "[tenant_host]") {
  Places const places{1};
  TenantHost host{places.url(), with_workers(1), Registry{}};
  for (char const* name : {"", "1st", "a-b", "a/../b", "a\"b", "pg_temp"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(host.tenant(name), ValidationError);
  }
  CHECK(host.tenants().empty());
  CHECK_THROWS_AS(TenantHost("mysql://x", with_workers(1), Registry{}), ConfigurationError);
  CHECK_THROWS_AS(TenantHost(places.url(), with_workers(0), Registry{}), ConfigurationError);
  TenantHost nowhere{"sqlite:///nonexistent/directory", with_workers(1), Registry{}};
  CHECK_THROWS_AS(nowhere.tenant("tenant_a"), ConfigurationError);
  CHECK_FALSE(nowhere.close("tenant_a"));
  CHECK(nowhere.tenants().empty());
}

TEST_CASE("tenants in memory have a database each", "[tenant_host]") {
  TenantHost host{"sqlite::memory:", with_workers(1),
                  registry_of({one_task("work", [](TaskContext<>&) {})})};
  CHECK(wait(host.tenant("a")->submit("work", {})).status() == WorkflowStatus::completed);
  CHECK(host.tenant("b")->list().empty());
}

TEST_CASE("the tenants of a host share its sessions", "[tenant_host][sessions]") {
  if (!TestDatabase::is_postgres()) return;  // a file cannot
  constexpr std::size_t tenants = 12;
  Places const places{tenants};
  auto config = with_workers(2);
  config.db_pool_size = 2;
  TenantHost host{places.url(), config, registry_of({one_task("work", [](TaskContext<>&) {})})};
  auto const work = [&] {
    std::vector<ExecutionHandle> handles;
    for (std::size_t i = 0; i < tenants; ++i)
      for (auto& handle :
           host.tenant(places.name(i))->submit_many("work", std::vector<Context>(20)))
        handles.push_back(std::move(handle));
    for (auto const& handle : handles) CHECK(wait(handle).status() == WorkflowStatus::completed);
    for (std::size_t i = 0; i < tenants; ++i)
      CHECK(host.tenant(places.name(i))->list({.limit = 5}).size() == 5);
  };
  work();
  // One listens, two write, two read; sessions for one call, of who has opened a tenant, end.
  auto const sessions =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + places.program() + "'";
  auto const give_up = Clock::now() + patience;
  while (std::stoi(places.server().text(sessions)) > 5 && Clock::now() < give_up)
    std::this_thread::sleep_for(10ms);
  CHECK(std::stoi(places.server().text(sessions)) <= 5);

  SECTION("and get others when they are ended") {
    places.server().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
        "application_name = '" +
        places.program() + "'");
    work();
  }
}

TEST_CASE("each tenant has its triggers, with a state of its own", "[tenant_host][triggers]") {
  Places const places{2};
  Log log;
  auto registry = registry_of({one_task("found", [&log](TaskContext<>& context) {
    log.add(std::to_string(context.get_as<int>("number")));
  })});
  registry.add_trigger({.name = "one",
                        .workflow = "found",
                        .poll_interval = "5ms",
                        .poll = [](TriggerContext& trigger) {
                          if (trigger.state.contains("done")) return TriggerResult::skip();
                          trigger.state.put("done", true);
                          return TriggerResult::fire({{"number", 1}});
                        }});
  TenantHost host{places.url(), TenantHost::default_config(), registry};
  auto const a = host.tenant(places.name(0));
  auto const b = host.tenant(places.name(1));
  CHECK(log.wait_for(2).size() == 2);
  for (auto const& runner : {a, b}) {
    auto const state = runner->get_trigger_schedule("one").state;
    CHECK(state.get_as<bool>("done"));
  }
}
