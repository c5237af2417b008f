// A backup that is taken while runners work, as docs/how-to/back-up-and-restore.md says: restored,
// it is a database whose runners have died.
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

std::string quoted(std::string const& text) { return "'" + text + "'"; }

/// A database and a copy of it, made by the tools of an administrator.
class BackedUp {
 public:
  BackedUp() = default;
  ~BackedUp() {
    if (schema_) (void)call(psql("DROP SCHEMA IF EXISTS " + copy_ + " CASCADE"));
  }
  BackedUp(BackedUp const&) = delete;
  BackedUp& operator=(BackedUp const&) = delete;

  [[nodiscard]] std::string url() const {
    return schema_ ? schema_->url() : directory_.sqlite_url();
  }
  [[nodiscard]] std::string url_of_copy() const {
    if (!schema_) return directory_.sqlite_url("copy.db");
    auto const server = PostgresSchema::server_url();
    return server + (server.find('?') == server.npos ? "?" : "&") + "schema=" + copy_;
  }

  /// pg_dump refuses a server that is newer than itself.
  [[nodiscard]] bool has_tools() const {
    if (!schema_) return true;
    auto const server = std::stoi(must(psql("SHOW server_version_num"))) / 10'000;
    auto const version = must("pg_dump --version");  // pg_dump (PostgreSQL) 15.14 …
    return std::stoi(version.substr(version.find(')') + 1)) >= server;
  }
  void back_up() const {
    if (schema_) {
      must("pg_dump --format=custom --schema=" + schema_->name() + " --file=" + file("dump") + " " +
           quoted(PostgresSchema::server_url()));
    } else {
      must("sqlite3 " + file("test.db") + " \"VACUUM INTO " + quoted(file("copy.db")) + "\"");
    }
  }
  /// The dump says the schema's name: what has it by now steps aside.
  void restore() const {
    if (!schema_) return;
    auto const& name = schema_->name();
    must(psql("ALTER SCHEMA " + name + " RENAME TO " + name + "_aside"));
    must("pg_restore --exit-on-error --single-transaction --dbname=" +
         quoted(PostgresSchema::server_url()) + " " + file("dump"));
    must(psql("ALTER SCHEMA " + name + " RENAME TO " + copy_));
    must(psql("ALTER SCHEMA " + name + "_aside RENAME TO " + name));
  }
  /// How many executions of the copy are so.
  [[nodiscard]] int in_copy(std::string const& condition) const {
    auto const sql = "SELECT count(*) FROM " + (schema_ ? copy_ + "." : "") +
                     "workflow_executions WHERE " + condition;
    return std::stoi(must(schema_ ? psql(sql) : "sqlite3 " + file("copy.db") + " \"" + sql + "\""));
  }

 private:
  [[nodiscard]] static std::string psql(std::string const& sql) {
    return "PGOPTIONS='-c client_min_messages=error' psql -X -At -q -v ON_ERROR_STOP=1 " +
           quoted(PostgresSchema::server_url()) + " -c \"" + sql + "\"";
  }
  [[nodiscard]] std::string file(std::string const& name) const {
    return (directory_.path() / name).string();
  }

  ScratchDirectory directory_;
  std::unique_ptr<PostgresSchema> schema_ =
      TestDatabase::is_postgres() ? std::make_unique<PostgresSchema>() : nullptr;
  std::string copy_ = schema_ ? schema_->name() + "_copy" : "";
};

/// Two tasks; the witness counts how often the second runs for each number.
class Orders {
 public:
  Workflow workflow() {
    return WorkflowBuilder{"order"}
        .task("take", [](TaskContext<>& context) { context.put("taken", context.get("number")); })
        .task("ship", {.after = {"take"}},
              [this](TaskContext<>& context) {
                context.sleep_for(2ms);
                std::lock_guard const lock{mutex_};
                ++shipped_[context.get("taken").get<int>()];
                changed_.notify_all();
              })
        .build();
  }
  /// Waits until so many numbers have run.
  void wait_for(int count) {
    std::unique_lock lock{mutex_};
    auto const have = [&] { return static_cast<int>(shipped_.size()) >= count; };
    if (!changed_.wait_for(lock, patience, have)) throw std::runtime_error{"too few ran"};
  }
  [[nodiscard]] int shipped_twice() const {
    std::lock_guard const lock{mutex_};
    int count = 0;
    for (auto const& [number, runs] : shipped_) count += runs > 1 ? 1 : 0;
    return count;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, int> shipped_;
};

}  // namespace

TEST_CASE("a backup under load, restored, is finished by the next runner", "[backup]") {
  constexpr int batch = 40;
  BackedUp database;
  if (!database.has_tools()) {
    WARN("not tried: the server is newer than pg_dump; expected the same version");
    return;
  }
  Orders orders;
  Gate gate;
  auto const once = one_task("once", [&](TaskContext<>&) { gate.pass(); },
                             {.execution = ExecutionMode::at_most_once});
  DefaultRunnerConfig const config{.lease = 1s};
  {
    auto runner = start(database.url(), {orders.workflow(), once}, config);
    auto const marked = runner.submit("once", {});
    gate.wait_for_arrivals(1);
    std::future<void> backup;
    int submitted = 0;
    do {
      std::vector<Context> inputs;
      for (int i = 0; i < batch; ++i) inputs.push_back({{"number", submitted++}});
      (void)runner.submit_many("order", std::move(inputs));
      orders.wait_for(submitted - batch);
      if (submitted == 2 * batch)
        backup = std::async(std::launch::async, [&] { database.back_up(); });
    } while (!backup.valid() || backup.wait_for(0s) != std::future_status::ready);
    backup.get();
    gate.open();
    CHECK(wait(marked).status() == WorkflowStatus::completed);
    orders.wait_for(submitted);
  }
  database.restore();
  int const all = database.in_copy("workflow = 'order'");
  int const done = database.in_copy("workflow = 'order' AND status = 'Completed'");
  REQUIRE((0 < done && done < all));
  CHECK(database.in_copy("owner IS NOT NULL") > 0);

  auto runner = start(database.url_of_copy(), {orders.workflow(), once}, config);
  for (auto const& each : runner.list({.limit = 10'000})) {
    auto const result = wait(runner.handle(each.id));
    if (each.workflow == "order") {
      CHECK(result.status() == WorkflowStatus::completed);
    } else {
      CHECK(result.status() == WorkflowStatus::failed);
      CHECK_THAT(result.error(), Catch::Contains("outcome unknown"));
    }
  }
  CHECK(database.in_copy("workflow = 'order' AND status = 'Completed'") == all);
  // What was not done in the backup ran in both worlds, and nothing else.
  CHECK(orders.shipped_twice() > 0);
  CHECK(orders.shipped_twice() <= all - done);
}
