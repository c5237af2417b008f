// Two tenants' pools of reader sessions in one process, with errors between their reads.
//   pool_poisoning fill URL TENANT     executions that know whose they are; prints their ids
//   pool_poisoning read SEED CHECKOUTS URL TENANT URL TENANT < IDS
//     `0 ID` and `1 ID`: of the first tenant and of the second. Prints what happened as JSON: a
//     mismatch is whatever a tenant's session says that is not of that tenant alone.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <cloacina/cloacina.hpp>

#include "backend/database.hpp"
#include "core/database_url.hpp"
#include "runner/queries.hpp"

namespace {

using namespace cloacina;

constexpr int executions = 30;
constexpr int threads_of_a_tenant = 8;
constexpr std::size_t sessions_of_a_tenant = 3;  // so that they go from hand to hand

/// What goes wrong between two reads of a session: three of the statement, two of the connection.
/// The trial holds the lock that is waited for.
constexpr std::array<backend::Statement, 5> errors{
    {{.name = "divides", .sqlite = {}, .postgres = "SELECT 1 / (random() * 0)::int"},
     {.name = "misses", .sqlite = {}, .postgres = "SELECT count(*) FROM {s}.nowhere"},
     {.name = "waits", .sqlite = {}, .postgres = R"sql(
          SELECT pg_advisory_lock(4711 + 0 * length(set_config('lock_timeout', '50ms', true))))sql"},
     {.name = "ends", .sqlite = {}, .postgres = "SELECT pg_terminate_backend(pg_backend_pid())"},
     {.name = "ends_another", .sqlite = {}, .postgres = R"sql(
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = current_setting('application_name')
            AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1)sql"}}};

int fill(std::string const& url, std::string const& tenant) {
  Registry registry;
  registry.add(
      WorkflowBuilder{"owned"}
          .task("own", [tenant](TaskContext<>& context) { context.put("done for", tenant); })
          .build());
  auto runner = DefaultRunner::builder().database_url(url).registry(std::move(registry)).build();
  for (int n = 0; n < executions; ++n) {
    // The same keys for both tenants.
    auto const handle = runner.submit("owned", Context{{"given by", tenant}},
                                      {.idempotency_key = std::to_string(n)});
    if (handle.wait().status() != WorkflowStatus::completed)
      throw std::runtime_error{"an execution did not complete"};
    std::printf("%s\n", handle.id().to_string().c_str());
  }
  runner.shutdown();
  return 0;
}

struct Totals {
  std::atomic<std::uint64_t> reads{0}, rows{0}, errors{0}, reads_refused{0}, mismatches{0};
  std::mutex mutex;
  std::vector<std::string> examples;  // of mismatches; guarded by `mutex`

  void mismatch(std::string what) {
    constexpr std::size_t most_examples = 20;
    ++mismatches;
    std::lock_guard lock{mutex};
    if (examples.size() < most_examples) examples.push_back(std::move(what));
  }
};

backend::OpenOptions few_sessions() {
  backend::OpenOptions options;
  options.max_readers = sessions_of_a_tenant;
  return options;
}

/// A tenant as its own pool shows it.
class Tenant {
 public:
  Tenant(std::string const& url, std::string name, Totals& totals)
      : name_(std::move(name)),
        database_(backend::Database::open(DatabaseUrl::parse(url), few_sessions())),
        totals_(totals) {}

  std::vector<ExecutionId> own, foreign;

  void play(std::uint64_t seed, int checkouts) {
    std::mt19937_64 dice{seed};
    for (int i = 0; i < checkouts; ++i) {
      if (dice() % 20 == 0) err(errors[dice() % errors.size()]);
      try {
        read(dice);
        ++totals_.reads;
      } catch (ExecutionNotFound const& error) {
        totals_.mismatch(std::string{"an own execution is not there: "} + error.what());
      } catch (backend::SessionError const& error) {
        // 42P01, 42501: another's schema, or none. The others are what was asked for.
        if (error.sqlstate().starts_with("42")) totals_.mismatch(error.what());
        ++totals_.reads_refused;
      }
    }
  }

 private:
  void err(backend::Statement const& statement) {
    try {
      (void)database_->reader()->query(statement);
    } catch (backend::SessionError const&) {
      ++totals_.errors;
    }
  }

  void read(std::mt19937_64& dice) {
    auto const id = own[dice() % own.size()];
    switch (dice() % 4) {
      case 0:
        return expect_own(detail::list_executions(*database_, {.limit = 1'000}));
      case 1:
        if (detail::find_execution(*database_, id).status != WorkflowStatus::completed)
          totals_.mismatch("an own execution is not Completed");
        return;
      case 2:
        return expect_own(detail::read_result(*database_, id));
      default:
        return expect_no(foreign[dice() % foreign.size()]);
    }
  }

  void expect_own(std::vector<ExecutionInfo> const& all) {
    totals_.rows += all.size();
    std::set<ExecutionId> found;
    for (auto const& info : all) found.insert(info.id);
    if (found != std::set<ExecutionId>{own.begin(), own.end()})
      totals_.mismatch("a list holds " + std::to_string(all.size()) + " executions, not its own " +
                       std::to_string(own.size()));
  }

  void expect_own(ExecutionResult const& result) {
    for (auto const* key : {"given by", "done for"}) {
      auto const whose = result.context().get(key);
      if (whose != name_) totals_.mismatch("a result is of " + whose.dump() + ", not " + name_);
    }
  }

  void expect_no(ExecutionId another) {
    try {
      (void)detail::find_execution(*database_, another);
      totals_.mismatch("an execution of another tenant is found");
    } catch (ExecutionNotFound const&) {}
  }

  std::string name_;
  std::unique_ptr<backend::Database> database_;
  Totals& totals_;
};

/// `of`: URL and name of each tenant.
int read(std::uint64_t seed, int checkouts, char** of) {
  Totals totals;
  std::array<Tenant, 2> tenants{Tenant{of[0], of[1], totals}, Tenant{of[2], of[3], totals}};
  std::size_t whose = 0;
  for (std::string id; std::cin >> whose >> id;) {
    auto const parsed = ExecutionId::parse(id);
    tenants.at(whose).own.push_back(parsed);
    tenants.at(1 - whose).foreign.push_back(parsed);
  }
  std::vector<std::thread> threads;
  for (int i = 0; i < threads_of_a_tenant; ++i)
    for (auto& tenant : tenants)
      threads.emplace_back(
          [&tenant, checkouts, mine = seed + threads.size()] { tenant.play(mine, checkouts); });
  for (auto& thread : threads) thread.join();
  Json const answer{
      {"reads", totals.reads.load()},           {"rows", totals.rows.load()},
      {"errors", totals.errors.load()},         {"reads_refused", totals.reads_refused.load()},
      {"mismatches", totals.mismatches.load()}, {"examples", totals.examples}};
  std::printf("%s\n", answer.dump().c_str());
  return 0;
}

}  // namespace

int main(int count, char** arguments) try {
  std::string const command = count > 1 ? arguments[1] : "";
  if (command == "fill" && count == 4) return fill(arguments[2], arguments[3]);
  if (command == "read" && count == 8)
    return read(std::strtoull(arguments[2], nullptr, 10), std::atoi(arguments[3]), arguments + 4);
  throw std::runtime_error{
      "usage: pool_poisoning fill URL TENANT | read SEED CHECKOUTS URL TENANT URL TENANT < IDS"};
} catch (std::exception const& error) {
  std::fprintf(stderr, "pool_poisoning: %s\n", error.what());
  return 4;
}
