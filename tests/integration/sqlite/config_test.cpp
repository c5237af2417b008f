// Configurations and database files that are wrong: one error each, and the file as it was.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/raw_database.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

std::string content(std::filesystem::path const& file) {
  std::ifstream stream{file, std::ios::binary};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What `url` is refused with, by a runner and by a client alike.
std::string refusal(std::string const& url) {
  std::string by_runner;
  try {
    auto runner = start(url, {nothing()});
  } catch (Error const& error) {
    by_runner = error.what();
    CHECK((error.kind() == ErrorKind::configuration || error.kind() == ErrorKind::backend));
  }
  try {
    Client const client{url, registry_of({nothing()})};
    FAIL("a client accepted " + url);
  } catch (Error const& error) {
    CHECK(by_runner == error.what());
  }
  return by_runner;
}

}  // namespace

TEST_CASE("one error names every field that is out of range, with its range", "[config]") {
  ScratchDirectory directory;
  DefaultRunnerConfig config;
  config.max_concurrent_tasks = 0;
  config.max_concurrent_async_tasks = 0;
  config.scheduler_poll_interval = 0ms;
  config.task_timeout = -1ms;
  config.workflow_timeout = -1ms;
  config.db_pool_size = 0;
  config.lease = 99ms;
  config.max_active_executions = 0;
  config.max_crashes = 2;
  config.max_context_bytes = 1;
  config.runner_name = std::string(257, 'n');
  try {
    auto runner = start(directory.sqlite_url(), {nothing()}, config);
    FAIL("it was accepted");
  } catch (ConfigurationError const& error) {
    for (auto const* field :
         {"max_concurrent_tasks", "max_concurrent_async_tasks", "scheduler_poll_interval",
          "task_timeout", "workflow_timeout", "db_pool_size", "lease", "max_active_executions",
          "max_crashes", "max_context_bytes", "runner_name"}) {
      CAPTURE(field);
      CHECK_THAT(error.what(), Catch::Contains(field));
      CHECK_THAT(error.where(), Catch::Contains(field));
    }
    CHECK_THAT(error.what(), Catch::Contains("100") && Catch::Contains("1024"));
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() /
                                      "test.db"));  // refused before anything was touched
}

TEST_CASE("no time limit is longer than 100 years", "[config]") {
  ScratchDirectory directory;
  DefaultRunnerConfig config{.task_timeout = 100 * 8760h, .workflow_timeout = 100 * 8760h};
  CHECK_NOTHROW(start(directory.sqlite_url(), {nothing()}, config));
  config.task_timeout = std::chrono::milliseconds::max();
  config.workflow_timeout = 100 * 8760h + 1ms;
  CHECK_THROWS_WITH(start(directory.sqlite_url(), {nothing()}, config),
                    Catch::Contains("task_timeout: 9223372036854775807ms is out of range") &&
                        Catch::Contains("workflow_timeout: 3153600000001ms is out of range") &&
                        Catch::Contains("0ms to 100 years are allowed"));
}

TEST_CASE("a name that is no text is refused before anything is touched", "[config]") {
  ScratchDirectory directory;
  for (auto const name : {std::string_view{"a\0b", 3}, std::string_view{"a\xff"}}) {
    DefaultRunnerConfig config;
    config.runner_name = name;
    CHECK_THROWS_WITH(start(directory.sqlite_url(), {nothing()}, config),
                      Catch::Contains("runner_name: ") && Catch::Contains("UTF-8 without NUL"));
    CHECK_THROWS_AS(start(directory.sqlite_url(), {nothing()}, config), ConfigurationError);
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() / "test.db"));
}

TEST_CASE("the edges of every range are allowed", "[config]") {
  ScratchDirectory directory;
  DefaultRunnerConfig const config{.max_concurrent_tasks = 1,
                                   .max_concurrent_async_tasks = 1,
                                   .scheduler_poll_interval = 1ms,
                                   .task_timeout = 0ms,
                                   .workflow_timeout = 0ms,
                                   .db_pool_size = 1,
                                   .lease = 100ms,
                                   .max_active_executions = 1,
                                   .max_crashes = 3,
                                   .max_context_bytes = 1'024};
  auto runner = start(directory.sqlite_url(), {nothing()}, config);
  CHECK(wait(runner.submit("nothing", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("URLs that are wrong say what was expected", "[config][url]") {
  ScratchDirectory directory;
  CHECK_THAT(refusal("mysql://somewhere/db"),
             Catch::Contains("mysql") && Catch::Contains("sqlite://"));
  CHECK_THROWS_WITH(start("", {nothing()}), Catch::Contains("sqlite://"));
  CHECK_THROWS_WITH(DefaultRunner{""}, Catch::Contains("sqlite://"));
  CHECK_THROWS_WITH(Client{""}, Catch::Contains("sqlite://"));
  CHECK_THAT(refusal(directory.sqlite_url() + "?nonsense=1"),
             Catch::Contains("nonsense") && Catch::Contains("_synchronous"));
  CHECK_THAT(refusal(directory.sqlite_url() + "?_synchronous=OFF"), Catch::Contains("FULL"));
  CHECK_FALSE(std::filesystem::exists(directory.path() / "test.db"));
}

TEST_CASE("a file that is not a database is refused and left as it was", "[config][file]") {
  ScratchDirectory directory;
  auto const file = directory.path() / "test.db";
  SECTION("a text") {
    std::ofstream{file} << "These are my notes. Please do not overwrite them.\n";
  }
  SECTION("a short one") { std::ofstream{file} << "x"; }
  SECTION("a database whose pages are broken") {
    { auto runner = start(directory.sqlite_url(), {nothing()}); }
    auto bytes = content(file);
    for (std::size_t i = 100; i < std::min<std::size_t>(bytes.size(), 4'096); ++i) bytes[i] = 'x';
    std::ofstream{file, std::ios::binary} << bytes;
  }
  SECTION("somebody else's database") {
    std::ofstream{file}.close();
    RawDatabase{file}.execute(
        "CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('Ada')");
  }
  auto const before = content(file);
  auto const text = refusal(directory.sqlite_url());
  CHECK_THAT(text, Catch::Contains("test.db"));
  CHECK(content(file) == before);
}

TEST_CASE("an empty file is a new database", "[config][file]") {
  ScratchDirectory directory;
  std::ofstream{directory.path() / "test.db"}.close();
  auto runner = start(directory.sqlite_url(), {nothing()});
  CHECK(wait(runner.submit("nothing", {})).status() == WorkflowStatus::completed);
}

TEST_CASE("a directory, a missing directory and a newer schema are told apart", "[config][file]") {
  ScratchDirectory directory;
  std::filesystem::create_directory(directory.path() / "folder");
  CHECK_THAT(refusal(directory.sqlite_url("folder")), Catch::Contains("directory"));
  CHECK_THAT(refusal(directory.sqlite_url("nowhere/test.db")), Catch::Contains("nowhere"));

  { auto runner = start(directory.sqlite_url(), {nothing()}); }
  RawDatabase{directory.path() / "test.db"}.execute(
      "INSERT INTO schema_migrations SELECT 999, 'from_the_future', sha256, applied_at FROM "
      "schema_migrations LIMIT 1");
  CHECK_THAT(refusal(directory.sqlite_url()), Catch::Contains("999") && Catch::Contains("newer"));
}

TEST_CASE("a file that may not be written is refused, and may be read on request",
          "[config][file]") {
  ScratchDirectory directory;
  auto const file = directory.path() / "test.db";
  { auto runner = start(directory.sqlite_url(), {nothing()}); }
  ::chmod(file.c_str(), 0400);
  CHECK_THAT(refusal(directory.sqlite_url()),
             Catch::Contains("read-only") || Catch::Contains("permission"));
}

TEST_CASE("a read-only database is refused for a runner", "[config][file]") {
  ScratchDirectory directory;
  { auto runner = start(directory.sqlite_url(), {nothing()}); }
  auto const before = content(directory.path() / "test.db");
  CHECK_THROWS_AS(start(directory.sqlite_url() + "?mode=ro", {nothing()}), Error);
  CHECK(content(directory.path() / "test.db") == before);
  CHECK_THROWS_AS(
      start("sqlite://" + (directory.path() / "absent.db").string() + "?mode=rw", {nothing()}),
      Error);
  CHECK_FALSE(std::filesystem::exists(directory.path() / "absent.db"));
}

TEST_CASE("a new database belongs to its owner alone", "[config][file]") {
  ScratchDirectory directory;
  auto runner = start(directory.sqlite_url(), {nothing()});
  struct stat info {};
  REQUIRE(::stat((directory.path() / "test.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a registry with errors reports all of them when the runner is built", "[config]") {
  ScratchDirectory directory;
  Registry registry;
  registry.add(nothing(), {"first.cpp", 1});
  registry.add(nothing(), {"second.cpp", 2});
  try {
    auto runner =
        DefaultRunner::builder().database_url(directory.sqlite_url()).registry(registry).build();
    FAIL("it was accepted");
  } catch (ValidationError const& error) {
    CHECK_THAT(error.what(), Catch::Contains("first.cpp") && Catch::Contains("second.cpp"));
  }
}
