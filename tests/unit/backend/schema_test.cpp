#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "backend/sqlite/schema.hpp"
#include "unit/backend/sqlite_files.hpp"

using namespace cloacina;
using namespace cloacina::backend;
using namespace cloacina::test;
using sqlite::Connection;
using sqlite::ConnectionSettings;

namespace {

constexpr std::array<Migration, 3> steps{
    {{1, "first", "CREATE TABLE a (x INTEGER) STRICT; CREATE TABLE workflow_executions (x);"},
     {2, "second", "ALTER TABLE a ADD COLUMN y TEXT;"},
     {3, "third", "INSERT INTO a VALUES (1, 'one');"}}};

ConnectionSettings settings_in(ScratchDirectory const& directory) {
  auto const path = (directory.path() / "test.db").string();
  return {.path = path, .display_name = path};
}

/// Brings "test.db" to the first `count` steps.
void migrate(ScratchDirectory const& directory, std::span<Migration const> to) {
  auto const settings = settings_in(directory);
  if (!std::filesystem::exists(settings.path)) write_file(settings.path, "");
  Connection connection{settings, sqlite::Role::opener};
  sqlite::bring_up_to_date(connection, settings, to);
}

std::string refusal_of(ScratchDirectory const& directory, std::span<Migration const> to) {
  auto const before = files_in(directory.path());
  try {
    migrate(directory, to);
  } catch (ConfigurationError const& error) {
    CHECK((files_in(directory.path()) == before));
    return error.what();
  }
  FAIL("it was accepted");
  return {};
}

std::string ask(ScratchDirectory const& directory, char const* sql) {
  auto const settings = settings_in(directory);
  return Connection{settings, sqlite::Role::opener}.ask(sql, "test");
}

/// The message with which SQL fails.
std::string failure_of_sql(std::filesystem::path const& path, std::string const& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
  CHECK(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK);
  std::string message = sqlite3_errmsg(connection);
  sqlite3_close(connection);
  return message;
}

}  // namespace

TEST_CASE("the embedded steps are numbered from one without gaps", "[backend][schema]") {
  auto const embedded = sqlite::migrations();
  REQUIRE_FALSE(embedded.empty());
  for (std::size_t i = 0; i < embedded.size(); ++i) {
    CHECK(embedded[i].version == static_cast<int>(i + 1));
    CHECK_FALSE(embedded[i].sql.empty());
  }
}

TEST_CASE("steps that are missing are applied in order, each once", "[backend][schema]") {
  auto const first = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3});
  ScratchDirectory directory;
  if (first > 0) migrate(directory, std::span{steps}.first(first));
  migrate(directory, steps);
  migrate(directory, steps);
  CHECK(ask(directory,
            "SELECT group_concat(version || ' ' || name) FROM (SELECT * FROM schema_migrations "
            "ORDER BY 1)") == "1 first,2 second,3 third");
  CHECK(ask(directory, "SELECT group_concat(x || y) FROM a") == "1one");
  CHECK(ask(directory,
            "SELECT min(length(sha256)) || ' ' || max(length(sha256)) FROM schema_migrations") ==
        "64 64");
}

TEST_CASE("a script from any version leaves what opening leaves", "[backend][schema]") {
  auto const first = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
  ScratchDirectory by_script;
  ScratchDirectory opened;
  if (first > 0) migrate(by_script, std::span{steps}.first(first));
  run_sql(by_script.path() / "test.db", sqlite::script(first, steps));
  migrate(opened, steps);
  for (char const* const sql :
       {"SELECT group_concat(sql) FROM sqlite_schema ORDER BY name",
        "SELECT group_concat(version || name || sha256) FROM schema_migrations",
        "SELECT group_concat(x || y) FROM a"})
    CHECK(ask(by_script, sql) == ask(opened, sql));
  CHECK_NOTHROW(migrate(by_script, steps));
}

TEST_CASE("a script from another version fails, and changes nothing", "[backend][schema]") {
  ScratchDirectory directory;
  migrate(directory, std::span{steps}.first(1));
  auto const path = directory.path() / "test.db";
  CHECK_THAT(failure_of_sql(path, sqlite::script(2, steps)), Catch::Contains("version is not 2"));
  CHECK(ask(directory, "SELECT group_concat(version) FROM schema_migrations") == "1");
}

TEST_CASE("a newer schema is refused naming both versions, and left as it was",
          "[backend][schema]") {
  ScratchDirectory directory;
  migrate(directory, steps);
  CHECK_THAT(refusal_of(directory, std::span{steps}.first(2)),
             Catch::Contains("has schema version 3, this library knows versions up to 2"));
}

TEST_CASE("a step with another content than it was applied with is refused, and left as it was",
          "[backend][schema]") {
  ScratchDirectory directory;
  migrate(directory, steps);
  auto altered = steps;
  altered[1].sql = "ALTER TABLE a ADD COLUMN z TEXT;";
  CHECK_THAT(refusal_of(directory, altered),
             Catch::Contains("migration 2 'second' with another content"));
}

TEST_CASE("a hole among the applied steps is refused", "[backend][schema]") {
  ScratchDirectory directory;
  migrate(directory, steps);
  run_sql(directory.path() / "test.db", "DELETE FROM schema_migrations WHERE version = 1");
  CHECK_THAT(refusal_of(directory, steps), Catch::Contains("lacks migration 1 'first'"));
}

TEST_CASE("a step that fails leaves the ones before it and nothing of itself",
          "[backend][schema]") {
  ScratchDirectory directory;
  auto broken = steps;
  broken[1].sql = "CREATE TABLE c (x INTEGER); CREATE TABLE a (x INTEGER);";
  CHECK_THROWS_WITH(migrate(directory, broken),
                    Catch::Contains("migration second") && Catch::Contains("already exists"));
  CHECK(ask(directory, "SELECT group_concat(version) FROM schema_migrations").empty() == false);
  CHECK(ask(directory, "SELECT group_concat(name) FROM sqlite_schema WHERE name = 'c'").empty());
  CHECK_NOTHROW(migrate(directory, steps));
}

TEST_CASE("an older schema is refused with mode=ro and says what to do", "[backend][schema]") {
  ScratchDirectory directory;
  migrate(directory, std::span{steps}.first(1));
  auto settings = settings_in(directory);
  settings.read_only = true;
  Connection connection{settings, sqlite::Role::opener};
  CHECK_THROWS_WITH(sqlite::bring_up_to_date(connection, settings, steps),
                    Catch::Contains("has schema version 1, this library needs 3") &&
                        Catch::Contains("open it once for writing"));
}

TEST_CASE("eight processes that open a new file at the same time all succeed",
          "[backend][schema]") {
  constexpr int processes = 8;
  constexpr int rounds = 5;
  for (int round = 0; round < rounds; ++round) {
    ScratchDirectory directory;
    auto const url = directory.sqlite_url();
    std::array<int, 2> start{};
    REQUIRE(::pipe(start.data()) == 0);
    std::array<::pid_t, processes> children{};
    for (auto& child : children) {
      child = ::fork();
      REQUIRE(child >= 0);
      if (child != 0) continue;
      // The end of the pipe is the sign to start, for all at once.
      ::close(start[1]);
      char byte = 0;
      (void)!::read(start[0], &byte, 1);
      int status = 0;
      try {
        (void)open(url)->open_writer();
      } catch (std::exception const& error) {
        std::fprintf(stderr, "a process of the race: %s\n", error.what());
        status = 1;
      }
      ::_exit(status);
    }
    ::close(start[0]);
    ::close(start[1]);
    int failures = 0;
    for (auto const child : children) {
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      if (status != 0) ++failures;
    }
    CHECK(failures == 0);
    CHECK(ask(directory, "SELECT CAST(count(*) AS TEXT) FROM schema_migrations") ==
          std::to_string(sqlite::migrations().size()));
    CHECK(ask(directory, "PRAGMA integrity_check") == "ok");
  }
}
