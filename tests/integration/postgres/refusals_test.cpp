// What is said of a server or a URL that cannot be used: what was wrong, what was expected, what to
// do, and no secret.
#include <cloacina/client.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/postgres_schema.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

std::string refusal(std::string const& url) {
  try {
    Client{url, Registry{}};
  } catch (Error const& error) {
    return error.what();
  }
  return "nothing was refused";
}

/// The server's URL with another part of it.
std::string with(std::string const& what, std::string const& other) {
  auto url = PostgresSchema::server_url();
  auto const colon = url.find(':', url.find("://") + 3);
  auto const at = url.find('@');
  auto const slash = url.find('/', at);
  if (what == "password") return url.replace(colon + 1, at - colon - 1, other);
  if (what == "host") return url.replace(at + 1, slash - at - 1, other);
  if (what == "user") {
    auto const begin = url.find("://") + 3;
    return url.replace(begin, colon - begin, other);
  }
  return url.replace(slash + 1, url.npos, other);  // database
}

}  // namespace

TEST_CASE("options that are none are refused before anybody is asked", "[refusals][url]") {
  auto const server = std::string{"postgres://nobody@127.0.0.1:1/none"};
  CHECK_THAT(refusal(server + "?schemaa=x"), Catch::Contains("unknown option 'schemaa'") &&
                                                 Catch::Contains("did you mean 'schema'"));
  CHECK_THAT(refusal(server + "?listen=perhaps"),
             Catch::Contains("option 'listen' is neither true nor false"));
  CHECK_THAT(refusal(server + "?schema=a&schema=b"), Catch::Contains("given twice"));
  CHECK_THAT(refusal(server + "?schema=pg_mine"), Catch::Contains("keeps for itself"));
  CHECK_THAT(refusal(server + "?schema=a%22b"), Catch::Contains("letters, digits"));
  CHECK_THAT(refusal(server + "?schema=" + std::string(64, 'a')), Catch::Contains("63"));
  CHECK_THAT(refusal(server + "?schema="), Catch::Contains("is empty"));
  CHECK_THAT(refusal(server + "?replication=database"), Catch::Contains("unknown option"));
}

TEST_CASE("a server that cannot be reached is named with what to check", "[refusals]") {
  auto const message = refusal(with("host", "127.0.0.1:1"));
  CHECK_THAT(message, Catch::Contains("could not be reached") && Catch::Contains("127.0.0.1:1") &&
                          Catch::Contains("check host, port"));
}

TEST_CASE("a network that is not there is not taken for a wrong URL, nor TLS for a missing role",
          "[refusals][regression]") {
  CHECK_THAT(refusal(with("host", "db.invalid")), Catch::Contains("could not be reached"));
  auto const server = PostgresSchema::server_url();
  auto const option = std::string{server.find('?') == server.npos ? "?" : "&"} + "sslmode=require";
  CHECK_THAT(refusal(server + option),  // the tests' server has none
             Catch::Contains("was not reached by TLS") && Catch::Contains("another sslmode"));
}

TEST_CASE("a wrong password, role or database is said to be wrong", "[refusals]") {
  auto const wrong = refusal(with("password", "hunter2"));
  CHECK_THAT(wrong, Catch::Contains("refused the password") && Catch::Contains("PGPASSWORD"));
  CHECK_THAT(wrong, !Catch::Contains("hunter2"));
  CHECK_THAT(refusal(with("database", "nowhere")),
             Catch::Contains("is not there") && Catch::Contains("nowhere"));
  // The server says no more of a role that it does not know.
  CHECK_THAT(refusal(with("user", "nobody")), Catch::Contains("refused the password"));
}

TEST_CASE("a role without the right to make its schema is told who can", "[refusals][rights]") {
  PostgresSchema schema;
  auto const role = "role_of_" + schema.name();
  schema.execute("CREATE ROLE " + role + " LOGIN PASSWORD 'secret-canary'");
  auto url = with("user", role);
  auto const colon = url.find(':', url.find("://") + 3);
  auto const at = url.find('@');
  url.replace(colon + 1, at - colon - 1, "secret-canary");
  auto const message = refusal(url + "?schema=" + schema.name());
  schema.execute("DROP ROLE " + role);
  CHECK_THAT(message, Catch::Contains("does not let this role") && Catch::Contains(schema.name()) &&
                          Catch::Contains("administrator"));
  CHECK_THAT(message, !Catch::Contains("secret-canary"));
}

TEST_CASE("a schema of another application is refused and left as it was", "[refusals][schema]") {
  PostgresSchema schema;
  schema.execute("CREATE SCHEMA " + schema.name());
  schema.execute("CREATE TABLE " + schema.name() + ".runners (id int)");
  CHECK_THAT(refusal(schema.url()), Catch::Contains("tables of another application"));
  CHECK(schema.text("SELECT count(*) FROM pg_tables WHERE schemaname = '" + schema.name() + "'") ==
        "1");
}

TEST_CASE("other tables beside ours are nobody's trouble", "[refusals][schema]") {
  PostgresSchema schema;
  schema.execute("CREATE SCHEMA " + schema.name());
  schema.execute("CREATE TABLE " + schema.name() + ".orders (id int)");
  CHECK_NOTHROW(Client{schema.url(), Registry{}});
  CHECK_NOTHROW(Client{schema.url(), Registry{}});
}

TEST_CASE("a newer, older or altered schema is told apart", "[refusals][schema]") {
  PostgresSchema schema;
  { Client const made{schema.url(), Registry{}}; }
  auto const table = schema.name() + ".schema_migrations";
  schema.execute("INSERT INTO " + table + " VALUES (99, 'later', 'x')");
  CHECK_THAT(refusal(schema.url()), Catch::Contains("has schema version 99") &&
                                        Catch::Contains("use a newer version of the library"));
  schema.execute("DELETE FROM " + table + " WHERE version = 99");
  schema.execute("UPDATE " + table + " SET sha256 = 'other'");
  CHECK_THAT(refusal(schema.url()), Catch::Contains("another content"));
}

TEST_CASE("a server that may lose what it stored is refused, unless the user takes the risk",
          "[refusals][durability]") {
  PostgresSchema schema;
  auto const off = "options=-c%20synchronous_commit%3Doff";
  CHECK_THAT(refusal(schema.url(off)),
             Catch::Contains("synchronous_commit=off") && Catch::Contains("unsafe_server=true"));
  CHECK_NOTHROW(Client{schema.url(std::string{off} + "&unsafe_server=true"), Registry{}});
}

TEST_CASE("a server that is too old is refused, saying which would do", "[refusals]") {
  PostgresSchema schema;
  // There is no such server here; so this one says that it was one.
  PostgresSchema old;
  old.execute("CREATE SCHEMA " + old.name());
  old.execute("CREATE FUNCTION " + old.name() +
              ".current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT CASE $1 WHEN "
              "'server_version_num' THEN '120022' ELSE pg_catalog.current_setting($1) END $$");
  auto const answer =
      refusal(schema.url("options=-c%20search_path%3D" + old.name() + "%2Cpg_catalog"));
  CHECK_THAT(answer, Catch::Contains("a server of version 12") &&
                         Catch::Contains("expected PostgreSQL 13 or newer: upgrade the server"));
  CHECK(schema.text("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema.name() + "'") ==
        "0");
}

TEST_CASE("many processes may make one schema at the same time", "[refusals][migrations]") {
  PostgresSchema schema;
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      if (refusal(schema.url()) != "nothing was refused") ++failed;
    });
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(schema.text("SELECT count(*) = max(version) FROM " + schema.name() +
                    ".schema_migrations") == "t");
}
