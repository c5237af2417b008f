#include <sys/stat.h>

#include "unit/backend/sqlite_files.hpp"

using namespace cloacina;
using namespace cloacina::test;
namespace fs = std::filesystem;

namespace {

/// Makes a database of ours in the directory, closed and written back.
fs::path make_database(ScratchDirectory const& directory) {
  (void)open(directory.sqlite_url());
  return directory.path() / "test.db";
}

/// The refusal of "test.db", after which the directory must look as before.
std::string refusal_without_trace(ScratchDirectory const& directory,
                                  std::string const& options = "") {
  auto const before = files_in(directory.path());
  auto message = refusal(directory.sqlite_url() + options);
  CHECK((files_in(directory.path()) == before));
  return message;
}

}  // namespace

TEST_CASE("a directory is refused", "[backend][files]") {
  ScratchDirectory directory;
  CHECK_THAT(refusal("sqlite://" + directory.path().string()),
             Catch::Contains("is a directory; expected the path of a file"));
}

TEST_CASE("a path in a directory that does not exist is refused, and nothing is created",
          "[backend][files]") {
  ScratchDirectory directory;
  auto const message = refusal(directory.sqlite_url("absent/test.db"));
  CHECK_THAT(message, Catch::Contains("lies in a directory that does not exist"));
  CHECK_THAT(message, Catch::Contains("create '" + (directory.path() / "absent").string() + "'"));
  CHECK(files_in(directory.path()).empty());
}

TEST_CASE("a file that is not there is refused with mode=rw and mode=ro", "[backend][files]") {
  auto const mode = GENERATE(as<std::string>{}, "rw", "ro");
  ScratchDirectory directory;
  CHECK_THAT(refusal_without_trace(directory, "?mode=" + mode), Catch::Contains("does not exist"));
}

TEST_CASE("what is no regular file is refused", "[backend][files]") {
  ScratchDirectory directory;
  REQUIRE(::mkfifo((directory.path() / "test.db").c_str(), 0600) == 0);
  CHECK_THAT(refusal(directory.sqlite_url()), Catch::Contains("is not a regular file"));
}

TEST_CASE("a text file is refused and left as it was", "[backend][files]") {
  auto const length = GENERATE(std::size_t{1}, std::size_t{90}, std::size_t{100'000});
  ScratchDirectory directory;
  write_file(directory.path() / "test.db", std::string(length, 'x'));
  CHECK_THAT(refusal_without_trace(directory),
             Catch::Contains("is not an SQLite database; expected a database of this library"));
}

TEST_CASE("a database of another application is refused and left as it was", "[backend][files]") {
  auto const mode =
      GENERATE(as<std::string>{}, "PRAGMA journal_mode=DELETE;", "PRAGMA journal_mode=WAL;");
  ScratchDirectory directory;
  run_sql(directory.path() / "test.db",
          mode + "CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('x');");
  CHECK_THAT(refusal_without_trace(directory),
             Catch::Contains("holds tables of another application"));
}

TEST_CASE("somebody else's schema_migrations is not taken for ours", "[backend][files]") {
  auto const sql = GENERATE(
      as<std::string>{}, "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);",
      "CREATE TABLE schema_migrations (version uint64, dirty bool);"
      "INSERT INTO schema_migrations VALUES (7, 0);",
      "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY);"
      "CREATE TABLE workflow_executions (id INTEGER);",
      "CREATE TABLE schema_migrations (version INTEGER, name TEXT, sha256 TEXT);");
  ScratchDirectory directory;
  run_sql(directory.path() / "test.db", sql);
  CHECK_THAT(refusal_without_trace(directory),
             Catch::Contains("holds tables of another application"));
}

TEST_CASE("a name or a path too long for the files beside it is refused, and nothing is created",
          "[backend][files]") {
  ScratchDirectory directory;
  CHECK_NOTHROW(open(directory.sqlite_url(std::string(247, 'x')))->open_writer());
  for (auto const length : {248u, 252u, 255u}) {
    ScratchDirectory empty;
    CHECK_THAT(refusal(empty.sqlite_url(std::string(length, 'x'))),
               Catch::Contains("has a file name of " + std::to_string(length) +
                               " bytes; expected at most 247"));
    CHECK(files_in(empty.path()).empty());
  }
}

TEST_CASE("a path may be as long as SQLite's, and no longer", "[backend][files]") {
  ScratchDirectory directory;
  auto deep = directory.path();
  while (deep.native().size() < 400) deep /= std::string(50, 'd');
  fs::create_directories(deep);
  auto const named = [&](std::size_t length) {
    return "sqlite://" + (deep / std::string(length - deep.native().size() - 1, 'x')).string();
  };
  CHECK_NOTHROW(open(named(504))->open_writer());
  fs::remove_all(deep);
  fs::create_directories(deep);
  CHECK_THAT(refusal(named(505)), Catch::Contains("has a path of 505 bytes"));
  CHECK(files_in(deep).empty());
}

TEST_CASE("a path in a working directory that was removed is refused", "[backend][files]") {
  auto const before = fs::current_path();
  {
    ScratchDirectory directory;
    fs::current_path(directory.path());
  }
  CHECK_THAT(refusal("sqlite://test.db"),
             Catch::Contains("cannot be resolved to an absolute path"));
  fs::current_path(before);
}

TEST_CASE("a file that is marked read-only is refused, for root too, and opens with mode=ro",
          "[backend][files]") {
  ScratchDirectory directory;
  auto const path = make_database(directory);
  fs::permissions(path, fs::perms::owner_read);
  CHECK_THAT(refusal_without_trace(directory), Catch::Contains("is marked read-only"));
  CHECK_NOTHROW(open(directory.sqlite_url() + "?mode=ro"));
}

TEST_CASE("a damaged schema is refused and left as it was", "[backend][files]") {
  ScratchDirectory directory;
  auto const path = make_database(directory);
  auto content = bytes_of(path);
  REQUIRE(content.size() > 8192);
  std::fill(content.begin() + 100, content.begin() + 4096, '\xff');
  write_file(path, content);
  CHECK_THAT(refusal_without_trace(directory),
             Catch::Contains("is damaged; expected an intact SQLite database"));
}

TEST_CASE("a database that was cut off is refused and left as it was", "[backend][files]") {
  ScratchDirectory directory;
  auto const path = make_database(directory);
  fs::resize_file(path, 4096);
  CHECK_THAT(refusal_without_trace(directory), Catch::Contains("is damaged"));
}

TEST_CASE("an empty file is a new database", "[backend][files]") {
  ScratchDirectory directory;
  write_file(directory.path() / "test.db", "");
  CHECK_NOTHROW(open(directory.sqlite_url())->open_writer());
}

TEST_CASE("a new file may be read by its owner only, and so may its log", "[backend][files]") {
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const writer = database->open_writer();
  writer->begin();
  writer->rollback();
  REQUIRE(fs::exists(directory.path() / "test.db-wal"));
  for (auto const& entry : fs::directory_iterator{directory.path()}) {
    CAPTURE(entry.path().filename().string());
    CHECK(entry.status().permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  }
}

TEST_CASE("a database behind a link to its directory or to itself is opened where it is",
          "[backend][files]") {
  ScratchDirectory directory;
  fs::create_directory(directory.path() / "real");
  fs::create_directory_symlink(directory.path() / "real", directory.path() / "link");
  (void)open(directory.sqlite_url("link/test.db"));
  CHECK(fs::exists(directory.path() / "real" / "test.db"));
  fs::create_symlink(directory.path() / "real" / "test.db", directory.path() / "alias.db");
  CHECK_NOTHROW(open(directory.sqlite_url("alias.db")));
  CHECK_FALSE(fs::exists(directory.path() / "alias.db-wal"));
}

TEST_CASE("a path is a path: what looks like a query of SQLite's has no meaning",
          "[backend][files]") {
  ScratchDirectory directory;
  (void)open(directory.sqlite_url("file:x.db%3Fvfs=none%23&mode=memory"));
  CHECK(fs::exists(directory.path() / "file:x.db?vfs=none#&mode=memory"));
}

TEST_CASE("a database that is read only has readers and no writer", "[backend][files]") {
  ScratchDirectory directory;
  make_database(directory);
  auto const database = open(directory.sqlite_url() + "?mode=ro");
  static constexpr backend::Statement count{.name = "count",
                                            .sqlite = "SELECT count(*) FROM {s}.runners"};
  CHECK(database->reader()->query(count).integer(0, 0) == 0);
  CHECK_THROWS_AS(database->open_writer(), ConfigurationError);
  CHECK(database->checkpoint(true) == 0);
}

TEST_CASE("a PostgreSQL URL whose server is away is refused, and its password stays secret",
          "[backend][files]") {
  try {
    (void)open("postgres://me:secret-canary@127.0.0.1:1/db");
    FAIL("it was opened");
  } catch (Error const& error) {  // of configuration, in a build without the driver
    std::string const message{error.what()};
    CHECK_THAT(message, Catch::Contains("PostgreSQL driver") || Catch::Contains("reached"));
    CHECK_THAT(message, !Catch::Contains("canary"));
  }
}
