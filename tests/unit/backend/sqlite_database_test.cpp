#include <filesystem>
#include <future>
#include <thread>

#include "backend/sqlite/connection.hpp"
#include "unit/backend/sqlite_files.hpp"

using namespace cloacina;
using namespace cloacina::backend;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

constexpr Statement create_table{
    .name = "create", .sqlite = "CREATE TABLE {s}.samples (id INTEGER PRIMARY KEY, t TEXT)"};
constexpr Statement insert_row{.name = "insert",
                               .sqlite = "INSERT INTO {s}.samples (t) VALUES ($1)"};
constexpr Statement count_rows{.name = "count", .sqlite = "SELECT count(*) FROM {s}.samples"};

std::string setting(Session& session, Statement const& pragma) {
  auto const rows = session.query(pragma);
  REQUIRE(rows.size() == 1);
  return std::to_string(rows.integer(0, 0));
}

void insert_many(Session& session, int rows) {
  std::string const text(1000, 'x');
  session.begin();
  std::vector<Column> const columns{
      Column(static_cast<std::size_t>(rows), Value{std::string_view{text}})};
  session.apply(insert_row, columns);
  session.commit();
}

}  // namespace

TEST_CASE("connections have the settings that durability and safety need", "[backend][sqlite]") {
  static constexpr Statement synchronous{.name = "synchronous", .sqlite = "PRAGMA synchronous"};
  static constexpr Statement foreign_keys{.name = "foreign_keys", .sqlite = "PRAGMA foreign_keys"};
  static constexpr Statement trusted_schema{.name = "trusted_schema",
                                            .sqlite = "PRAGMA trusted_schema"};
  static constexpr Statement autocheckpoint{.name = "autocheckpoint",
                                            .sqlite = "PRAGMA wal_autocheckpoint"};
  static constexpr Statement journal_mode{.name = "journal_mode", .sqlite = "PRAGMA journal_mode"};
  static constexpr Statement query_only{.name = "query_only", .sqlite = "PRAGMA query_only"};
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const writer = database->open_writer();
  CHECK(setting(*writer, synchronous) == "2");
  CHECK(setting(*writer, foreign_keys) == "1");
  CHECK(setting(*writer, trusted_schema) == "0");
  CHECK(setting(*writer, autocheckpoint) == "0");
  CHECK(setting(*writer, query_only) == "0");
  CHECK(writer->query(journal_mode).text(0, 0) == "wal");
  CHECK(setting(*database->reader(), query_only) == "1");
  auto const fast = open(directory.sqlite_url() + "?_synchronous=NORMAL");
  CHECK(setting(*fast->open_writer(), synchronous) == "1");
}

// It was a `ConfigurationError`, which a client passed on although its commit was still unknown,
// and an engine took for a claimed row that nobody can read.
TEST_CASE("a session that cannot be opened for now is to be tried again", "[backend][sqlite]") {
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const file = directory.path() / "test.db";
  auto const elsewhere = directory.path() / "elsewhere";
  auto const failure = [](auto&& open_one) {
    try {
      (void)open_one();
    } catch (SessionError const& error) {
      CHECK_THAT(error.what(), Catch::Contains("number of open files"));
      CHECK(error.is_retryable());
      return error.failure();
    }
    return Failure::data;
  };
  std::filesystem::rename(file, elsewhere);
  auto const of_writer = failure([&] { return database->open_writer(); });
  auto const of_reader = failure([&] { return database->reader(); });
  std::filesystem::rename(elsewhere, file);
  CHECK(of_writer == Failure::broken);
  CHECK(of_reader == Failure::broken);
  database->open_writer()->execute(create_table);
  CHECK(database->reader()->query(count_rows).integer(0, 0) == 0);
}

TEST_CASE("who waits longer than the busy timeout for its turn is told to try again",
          "[backend][sqlite]") {
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url() + "?_busy_timeout=50");
  auto const first = database->open_writer();
  auto const second = database->open_writer();
  first->begin();
  auto const started = std::chrono::steady_clock::now();
  try {
    second->begin();
    FAIL("both have begun");
  } catch (SessionError const& error) {
    CHECK(error.failure() == Failure::again);
    CHECK(error.sqlstate() == "SQLITE_BUSY");
    CHECK(error.is_retryable());
  }
  CHECK(std::chrono::steady_clock::now() - started >= 50ms);
  first->rollback();
  CHECK_NOTHROW(second->begin());
}

TEST_CASE("who waits for its turn gets it when the other one ends", "[backend][sqlite]") {
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const first = database->open_writer();
  auto const second = database->open_writer();
  first->begin();
  std::promise<void> waiting;
  auto turn = std::async(std::launch::async, [&] {
    waiting.set_value();
    second->begin();
    second->rollback();
  });
  waiting.get_future().wait();
  first->rollback();
  CHECK_NOTHROW(turn.get());
}

TEST_CASE("a checkpoint moves the log into the file and says how long the log is",
          "[backend][sqlite]") {
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const writer = database->open_writer();
  writer->execute(create_table);
  insert_many(*writer, 1000);
  auto const file = directory.path() / "test.db";
  auto const size_before = std::filesystem::file_size(file);
  CHECK(database->checkpoint(false) > 1'000'000);
  CHECK(std::filesystem::file_size(file) > size_before + 1'000'000);

  CHECK(database->checkpoint(true) == 0);
  insert_many(*writer, 10);
  CHECK(database->checkpoint(false) < 100'000);  // the log was begun again
}

TEST_CASE("a reader in the middle of its work keeps a forced checkpoint waiting, but not for long",
          "[backend][sqlite]") {
  static constexpr Statement begin_read{.name = "begin_read", .sqlite = "BEGIN"};
  static constexpr Statement end_read{.name = "end_read", .sqlite = "COMMIT"};
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const writer = database->open_writer();
  writer->execute(create_table);
  auto const reader = database->reader();
  (void)reader->query(begin_read);
  (void)reader->query(count_rows);
  insert_many(*writer, 1000);
  CHECK(database->checkpoint(true) > 1'000'000);
  insert_many(*writer, 1);  // writers go on
  CHECK(reader->query(count_rows).integer(0, 0) == 0);
  (void)reader->query(end_read);
  CHECK(database->checkpoint(true) == 0);
  CHECK(reader->query(count_rows).integer(0, 0) == 1001);
}

TEST_CASE("closing writes the log back and removes it", "[backend][sqlite]") {
  ScratchDirectory directory;
  {
    auto const database = open(directory.sqlite_url());
    auto const writer = database->open_writer();
    writer->execute(create_table);
    insert_many(*writer, 10);
  }
  CHECK(files_in(directory.path()).size() == 1);
  CHECK(open(directory.sqlite_url())->reader()->query(count_rows).integer(0, 0) == 10);
}

TEST_CASE("sessions of an in-memory database share it and take turns", "[backend][sqlite]") {
  auto const database = open("sqlite::memory:");
  auto const first = database->open_writer();
  auto const second = database->open_writer();
  first->execute(create_table);
  first->begin();
  first->execute(insert_row, std::array<Value, 1>{std::string_view{"uncommitted"}});
  std::promise<void> asking;
  auto seen = std::async(std::launch::async, [&] {
    asking.set_value();
    return database->reader()->query(count_rows).integer(0, 0);
  });
  asking.get_future().wait();
  first->rollback();
  CHECK(seen.get() == 0);  // it waited for the end of the transaction, or would have seen a row
  insert_many(*second, 3);
  CHECK(first->query(count_rows).integer(0, 0) == 3);
  CHECK(database->checkpoint(true) == 0);
}

TEST_CASE("an in-memory database is gone with the last that uses it", "[backend][sqlite]") {
  open("sqlite::memory:")->open_writer()->execute(create_table);
  CHECK_NOTHROW(open("sqlite::memory:")->open_writer()->execute(create_table));
}

TEST_CASE("a reader may outlive the database that lent it", "[backend][sqlite]") {
  ScratchDirectory directory;
  auto database = open(directory.sqlite_url());
  database->open_writer()->execute(create_table);
  auto reader = database->reader();
  database.reset();
  CHECK(reader->query(count_rows).integer(0, 0) == 0);
}

TEST_CASE("SQL that is wrong names the statement", "[backend][sqlite]") {
  static constexpr Statement wrong{.name = "wrong_one", .sqlite = "SELECT id FROM {s}.nowhere"};
  static constexpr Statement gap{.name = "gap", .sqlite = "SELECT $2"};
  auto const database = open("sqlite::memory:");
  auto const session = database->open_writer();
  CHECK_THROWS_WITH(session->query(wrong),
                    Catch::Contains("wrong_one") && Catch::Contains("no such table: main.nowhere"));
  CHECK_THROWS_WITH(session->query(gap, std::array<Value, 1>{std::int64_t{1}}),
                    Catch::Contains("no $1"));
}

TEST_CASE("the lease clock is CLOCK_MONOTONIC, and the kernel has an identity",
          "[backend][sqlite]") {
  auto const database = open("sqlite::memory:");
  auto const before = std::chrono::steady_clock::now().time_since_epoch();
  auto const now = database->lease_now();
  auto const after = std::chrono::steady_clock::now().time_since_epoch();
  CHECK(now >= std::chrono::floor<std::chrono::microseconds>(before));
  CHECK(now <= after);
  CHECK(database->boot_id().size() == 36);
  CHECK(database->backend_name() == "sqlite");
}

TEST_CASE("a parameter outside of the braces is a fault of the statement", "[backend][sqlite]") {
  static constexpr Statement wrong{.name = "wrong",
                                   .sqlite =
                                       "INSERT INTO {s}.samples (id, t) VALUES {($1, $2)}"
                                       " ON CONFLICT (id) DO UPDATE SET t = $3"};
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const session = database->open_writer();
  session->execute(create_table);
  std::vector<Column> const columns{
      {std::int64_t{1}}, {std::string_view{"a"}}, {std::string_view{"b"}}};
  CHECK_THROWS_WITH(session->apply(wrong, columns),
                    Catch::Contains("parameters outside of its braces"));
}
