#include "core/database_url.hpp"

#include <cloacina/error.hpp>

#include "support/catch.hpp"

using namespace cloacina;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::string error_of(std::string_view url) {
  try {
    (void)DatabaseUrl::parse(url);
  } catch (ConfigurationError const& error) {
    CHECK(error.where() == "database_url");
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an SQLite URL names a file, its characters percent-encoded at will", "[core][url]") {
  struct Row {
    char const* url;
    char const* path;
    char const* display;
  };
  auto const row = GENERATE(values<Row>({
      {"sqlite://orders.db", "orders.db", "sqlite://orders.db"},
      {"sqlite:///var/lib/orders.db", "/var/lib/orders.db", "sqlite:///var/lib/orders.db"},
      {"sqlite://data/orders.db", "data/orders.db", "sqlite://data/orders.db"},
      {"sqlite://../orders.db", "../orders.db", "sqlite://../orders.db"},
      {"SQLite://x.db", "x.db", "sqlite://x.db"},
      {"sqlite://my%20orders%3f.db?mode=rw", "my orders?.db", "sqlite://my orders?.db"},
      {"sqlite://a+b#c.db", "a+b#c.db", "sqlite://a+b#c.db"},
      {"sqlite://a%40b.db", "a@b.db", "sqlite://a@b.db"},
      {"sqlite://a@b:c.db", "a@b:c.db", "sqlite://a@b:c.db"},
      {"sqlite://a%3Ab%40c/pass%3D.db", "a:b@c/pass=.db", "sqlite://a:b@c/pass=.db"},
      {"sqlite:///compass/x.db?mode=rw", "/compass/x.db", "sqlite:///compass/x.db"},
      {"sqlite://x.db?", "x.db", "sqlite://x.db"},
  }));
  auto const url = DatabaseUrl::parse(row.url);
  CHECK(url.backend == DatabaseUrl::Backend::sqlite);
  CHECK_FALSE(url.memory);
  CHECK(url.path == row.path);
  CHECK(url.display() == row.display);
}

TEST_CASE("sqlite::memory: is a database without a file", "[core][url]") {
  auto const url = DatabaseUrl::parse("sqlite::memory:");
  CHECK(url.memory);
  CHECK(url.path.empty());
  CHECK(url.display() == "sqlite::memory:");
}

TEST_CASE("options have defaults and are read", "[core][url]") {
  auto const plain = DatabaseUrl::parse("sqlite://x.db");
  CHECK(plain.mode == DatabaseUrl::Mode::rwc);
  CHECK(plain.synchronous == DatabaseUrl::Synchronous::full);
  CHECK(plain.busy_timeout == 5s);
  auto const url = DatabaseUrl::parse(
      "sqlite://x.db?mode=ro&_synchronous=NORMAL&_journal_mode=wal&_busy_timeout=250");
  CHECK(url.mode == DatabaseUrl::Mode::ro);
  CHECK(url.synchronous == DatabaseUrl::Synchronous::normal);
  CHECK(url.busy_timeout == 250ms);
  CHECK(DatabaseUrl::parse("sqlite://x.db?mode=%72wc&_synchronous=full&_busy_timeout=0")
            .busy_timeout == 0ms);
}

TEST_CASE("every other URL is refused, saying what is wrong and what is expected", "[core][url]") {
  struct Row {
    std::string url;
    char const* problem;
  };
  auto const row = GENERATE(values<Row>({
      {"", "it is empty"},
      {"orders.db", "'orders.db' is not a URL; for a file write 'sqlite://orders.db'"},
      {"/var/orders.db", "for a file write 'sqlite:///var/orders.db'"},
      {"sqlite:orders.db", "did you mean 'sqlite://orders.db'?"},
      {"sqlite:/var/x.db", "did you mean 'sqlite:///var/x.db'?"},
      {":memory:", "is not a URL"},
      {"sqlite://", "sqlite:// without a path"},
      {"sqlite://?mode=ro", "sqlite:// without a path"},
      {"sqlite://data/", "names a directory"},
      {"sqlite:///", "names a directory"},
      {"sqlite://:memory:", "for a database in memory write sqlite::memory:"},
      {"sqlite::memory:?mode=ro", "takes no options"},
      {"sqlite://x%zz.db", "percent sign without two hex digits"},
      {"sqlite://x.db%4", "percent sign without two hex digits"},
      {"sqlite://x%00.db", "NUL"},
      {std::string{"sqlite://x\0.db", 14}, "NUL"},
      {"mysql://host/db", "unknown scheme 'mysql'"},
      {"sqllite://x.db", "unknown scheme 'sqllite'; did you mean 'sqlite'?"},
      {"postgre://h/db", "did you mean 'postgres' or 'postgresql'?"},
      {"file:///x.db", "unknown scheme 'file'"},
      {"://x", "not a URL"},
      {"sqlite://x.db?cache=shared",
       "unknown option 'cache'; the options are mode=ro|rw|rwc, _synchronous=FULL|NORMAL"},
      {"sqlite://x.db?Mode=ro", "unknown option 'Mode'; did you mean 'mode'?"},
      {"sqlite://x.db?mode=ro&", "unknown option ''"},
      {"sqlite://x.db?mode", "option 'mode' has the value ''; expected one of: ro, rw, rwc"},
      {"sqlite://x.db?mode=memory", "option 'mode' has the value 'memory'"},
      {"sqlite://x.db?_synchronous=OFF", "'OFF'; expected one of: FULL, NORMAL"},
      {"sqlite://x.db?_journal_mode=DELETE", "'DELETE'; expected one of: WAL"},
      {"sqlite://x.db?_busy_timeout=5s", "'5s'; expected milliseconds"},
      {"sqlite://x.db?_busy_timeout=-1", "expected milliseconds, 0 to 3600000"},
      {"sqlite://x.db?_busy_timeout=99999999999999", "expected milliseconds"},
      {"sqlite://x.db?mode=ro&mode=rw", "option 'mode' is given twice"},
  }));
  CAPTURE(row.url);
  CHECK_THAT(error_of(row.url), Contains(row.problem));
}

TEST_CASE("no message shows a password, however the URL was mistyped", "[core][url]") {
  for (char const* const url : {"postgres:/user:s3cret@host/db",
                                "postgres//user:s3cret@host/db",
                                "postgre://user:s3cret@host/db",
                                "mysql://user:s3cret@host/db",
                                "user:s3cret@host/db",
                                "host=db user=u password=s3cret",
                                "password s3cret",
                                "sqlite://user:s3cret@host/db",
                                "sqlite:user:s3cret@host",
                                " postgres://user:s3cret@host/db",
                                "sqlite://x.db?password=s3cret",
                                "sqlite://x.db?mode=ro&key=s3cret",
                                "sqlite:///user:s3cret@host/db",
                                "sqlite://data/user:s3cret@host/db",
                                "sqlite://x.db;Password=s3cret",
                                "sqlite://x.db#pwd=s3cret",
                                "sqlite://x.db?user:s3cret@h",
                                "sqlite://x.db?mode=rw;password=s3cret",
                                "sqlite://x.db?_busy_timeout=5;pwd:s3cret",
                                "sqlite://x.db?mode=user:s3cret",
                                "Server:host;Pwd:s3cret",
                                "post/gres://user:s3cret",
                                "postgres:/#/user:s3cret/db",
                                "sqlite://user:?s3cret=@host/db"}) {
    CAPTURE(url);
    auto const message = error_of(url);
    CHECK(message != "accepted");
    CHECK_THAT(message, !Contains("s3cret"));
  }
}

TEST_CASE("a PostgreSQL URL is kept for its driver and shown without its password", "[core][url]") {
  struct Row {
    char const* url;
    char const* display;
  };
  auto const row = GENERATE(values<Row>({
      {"postgres://user:s3cret@db.example.com:5432/orders?sslmode=require&password=s3cret",
       "postgres://user@db.example.com:5432/orders"},
      {"postgresql://user:s3cret@[::1]:5432/orders", "postgresql://user@[::1]:5432/orders"},
      {"POSTGRES://localhost/orders", "postgres://localhost/orders"},
      {"postgres://localhost", "postgres://localhost"},
      {"postgres:///orders", "postgres:///orders"},
      {"postgres://user:s3cret@db1:5432,db2/orders", "postgres://user@db1:5432,db2/orders"},
      {"postgres://user:12,s3cret/orders", "postgres://…"},
      {"postgres://user:s3c/ret@host/db", "postgres://…"},
      {"postgres://user:s3c@ret@host/db", "postgres://…"},
      {"postgres://user:s3c?ret@host/db", "postgres://…"},
      {"postgres://user:1?s3cret@host/db", "postgres://…"},
      {"postgres://user:s3cret", "postgres://…"},
      {"postgres://host/db?password=s3c@ret", "postgres://…"},
      {"postgres://user:s3cret host/db", "postgres://…"},
      {"postgres://user%3As3cret@host/db", "postgres://…"},
      {"postgres://host/db%3Fpassword%3Ds3cret", "postgres://…"},
  }));
  CAPTURE(row.url);
  auto const url = DatabaseUrl::parse(row.url);
  CHECK(url.backend == DatabaseUrl::Backend::postgres);
  CHECK(url.secret_text() == row.url);
  CHECK(url.display() == row.display);
}

TEST_CASE("what a driver says is cleared of the password", "[core][url]") {
  auto const redacted = [](char const* url, std::string message) {
    return DatabaseUrl::parse(url).redact(std::move(message));
  };
  char const* const plain = "postgres://user:s3%20cret@host/db";
  CHECK(redacted(plain, "invalid port in " + std::string{plain}) == "invalid port in ***");
  CHECK(redacted(plain, "near s3%20cret and s3 cret") == "near *** and ***");
  CHECK_THAT(redacted("postgres://u:pa@ss@host/db", "bad: pa@ss"), !Contains("pa@ss"));
  CHECK(redacted("postgres://host/db?password=abc&x=1", "got abc") == "got ***");
  CHECK(redacted("postgres://host/db", "could not connect") == "could not connect");
  CHECK(redacted("postgres://u:other@host/db?password=abc", "got abc") == "got ***");
  CHECK(redacted("postgres://u:pa@ss123@host/db", "bad: 'ss123@host'") == "bad: '***@***'");
  CHECK(redacted("postgres://u@host/db;password=%73ecret", "no database 'secret'") ==
        "no database '***'");
  CHECK(redacted("postgres://u:abc@host/db?connect_timeout=2&application_name=it",
                 "connection to server: timeout expired") ==
        "connection to server: timeout expired");
  CHECK(redacted("postgres://u:p?connect_timeout=word@host/db", "connection: word") ==
        "connection: ***");
  CHECK(redacted("postgres://u:abc@db1:5432,db2:5433/db", "no server db1, port 5432 (abc)") ==
        "no server db1, port 5432 (***)");
  CHECK(redacted("postgres://u:p@h:bad/db", "\"bad\" for option \"port\": u:p@h") ==
        "\"***\" for option \"port\": u:***@h");
  CHECK(redacted("postgres://u:opt@host/db", "connection option, near :opt@") ==
        "connection option, near :***@");
  CHECK(redacted("sqlite://x.db", "disk full") == "disk full");
}
