#include "backend/sqlite/errors.hpp"

#include "support/crash_vfs.hpp"
#include "unit/backend/sqlite_files.hpp"

using namespace cloacina;
using namespace cloacina::backend;
using namespace cloacina::test;
using sqlite::During;

TEST_CASE("a result code says what the engine does next", "[backend][errors]") {
  struct Case {
    int code;
    Failure in_statement, in_commit;
  };
  auto const [code, in_statement, in_commit] = GENERATE(values<Case>({
      {SQLITE_CONSTRAINT_UNIQUE, Failure::data, Failure::data},
      {SQLITE_TOOBIG, Failure::data, Failure::data},
      {SQLITE_MISMATCH, Failure::data, Failure::data},
      {SQLITE_BUSY, Failure::again, Failure::again},
      {SQLITE_BUSY_SNAPSHOT, Failure::again, Failure::again},
      {SQLITE_INTERRUPT, Failure::again, Failure::again},
      {SQLITE_READONLY, Failure::again, Failure::again},
      // On the way to the disk: what was written of a commit may be found by a recovery.
      {SQLITE_FULL, Failure::again, Failure::unknown},
      {SQLITE_IOERR_FSYNC, Failure::again, Failure::unknown},
      {SQLITE_NOMEM, Failure::again, Failure::unknown},
      {SQLITE_CANTOPEN, Failure::broken, Failure::unknown},
      {SQLITE_CORRUPT, Failure::damaged, Failure::damaged},
      {SQLITE_NOTADB, Failure::damaged, Failure::damaged},
  }));
  CAPTURE(sqlite::symbol_of(code));
  CHECK(sqlite::failure_of(code, During::statement) == in_statement);
  CHECK(sqlite::failure_of(code, During::commit) == in_commit);
}

TEST_CASE("codes have their names, and unknown ones their number", "[backend][errors]") {
  CHECK(sqlite::symbol_of(SQLITE_FULL) == "SQLITE_FULL");
  CHECK(sqlite::symbol_of(SQLITE_IOERR_FSYNC) == "SQLITE_IOERR_FSYNC");
  CHECK(sqlite::symbol_of(SQLITE_IOERR_VNODE) == "SQLITE_IOERR");
  CHECK(sqlite::symbol_of(255) == "SQLITE_255");
}

// The change to WAL was tried on as if somebody else had the file.
TEST_CASE("a file on a full disk is refused at once, and opened when there is room",
          "[backend][errors]") {
  ScratchDirectory directory;
  auto const url = directory.sqlite_url() + "?_busy_timeout=60000";
  {
    CrashVfs const disk{CrashVfs::Crash::full, 1, 0, 1'000'000};
    auto const begun = std::chrono::steady_clock::now();
    CHECK_THROWS_WITH(open(url), Catch::Contains("free some space"));
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{30});
  }
  CHECK_NOTHROW(open(url));
}

TEST_CASE("a database that is full says so, loses nothing, and goes on when there is room",
          "[backend][errors]") {
  static constexpr Statement create{.name = "create",
                                    .sqlite = "CREATE TABLE {s}.samples (t TEXT NOT NULL)"};
  static constexpr Statement insert{.name = "insert",
                                    .sqlite = "INSERT INTO {s}.samples VALUES ($1)"};
  static constexpr Statement count{.name = "count", .sqlite = "SELECT count(*) FROM {s}.samples"};
  static constexpr Statement no_room{.name = "no_room", .sqlite = "PRAGMA max_page_count=1"};
  static constexpr Statement room{.name = "room", .sqlite = "PRAGMA max_page_count=1000000"};
  ScratchDirectory directory;
  auto const database = open(directory.sqlite_url());
  auto const writer = database->open_writer();
  writer->execute(create);
  std::string const large(1u << 20, 'x');
  std::array<Value, 1> const parameters{std::string_view{large}};
  writer->execute(insert, parameters);

  (void)writer->query(no_room);  // SQLite keeps it at the present size
  writer->begin();
  try {
    writer->execute(insert, parameters);
    FAIL("there was room");
  } catch (SessionError const& error) {
    CHECK(error.failure() == Failure::again);
    CHECK(error.sqlstate() == "SQLITE_FULL");
    CHECK_THAT(error.what(), Catch::Contains("insert") && Catch::Contains("full") &&
                                 Catch::Contains("free some space"));
  }
  writer->rollback();
  CHECK(writer->query(count).integer(0, 0) == 1);

  (void)writer->query(room);
  writer->begin();
  writer->execute(insert, parameters);
  writer->commit();
  CHECK(database->reader()->query(count).integer(0, 0) == 2);
}
