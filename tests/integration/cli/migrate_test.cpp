// The command `cloacina`: what it prints makes what opening the database makes, in the hands of an
// administrator who has psql or sqlite3.
#include <optional>

#include <cloacina/client.hpp>
#include <cloacina/version.hpp>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/running.hpp"
#include "support/test_database.hpp"

using namespace cloacina;
using namespace cloacina::test;

namespace {

std::string quoted(std::string const& word) { return "'" + word + "'"; }

Answer cloacina_command(std::string const& arguments) {
  return call("timeout 60 " CLOACINA_TEST_COMMAND " " + arguments);
}

/// A database that an administrator fills, beside one that the library does.
class Place {
 public:
  [[nodiscard]] std::string url() const {
    return schema_ ? schema_->url() : directory_.sqlite_url();
  }
  [[nodiscard]] PostgresSchema& schema() { return *schema_; }

  /// What `migrate --print` says, in a file that is then run.
  Answer run_script(std::string const& options = {}) {
    auto const script = (directory_.path() / "script.sql").string();
    auto const print =
        schema_ ? "--print --schema " + schema_->name() : std::string{"--print --backend sqlite"};
    auto const printed = cloacina_command("migrate " + print + " " + options + " >" + script);
    REQUIRE(printed.status == 0);
    if (schema_)
      return call("psql -X --quiet -1 -v ON_ERROR_STOP=1 -f " + script + " " +
                  quoted(PostgresSchema::server_url()));
    return call("sqlite3 -bail " + file() + " <" + script);
  }

  /// Every object with its definition, and the steps that are recorded; the same for two schemas
  /// of another name.
  [[nodiscard]] std::string shape() const {
    if (!schema_)
      return must("sqlite3 " + file() +
                  " .schema 'SELECT version, name, sha256 FROM schema_migrations'");
    auto const& name = schema_->name();
    std::string command = "psql -X -At -v ON_ERROR_STOP=1 " + quoted(PostgresSchema::server_url());
    for (std::string const& sql :
         {"SELECT c.relname, c.relkind, c.reloptions, a.attname, a.attnotnull, a.attcollation,"
          " format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)"
          " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
          " LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum"
          " WHERE c.relnamespace = $$" +
              name + "$$::regnamespace ORDER BY 1, a.attnum",
          "SELECT indexdef FROM pg_indexes WHERE schemaname = $$" + name + "$$ ORDER BY 1",
          "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
          " WHERE connamespace = $$" +
              name + "$$::regnamespace ORDER BY 1, 2",
          "SELECT viewname, definition FROM pg_views WHERE schemaname = $$" + name + "$$",
          "SELECT version, name, sha256 FROM " + name + ".schema_migrations"})
      command += " -c " + quoted(sql);
    auto text = must(command);
    for (auto at = text.find(name); at != text.npos; at = text.find(name, at))
      text.replace(at, name.size(), "NAME");
    return text;
  }

 private:
  [[nodiscard]] std::string file() const { return (directory_.path() / "test.db").string(); }

  ScratchDirectory directory_;
  std::unique_ptr<PostgresSchema> schema_ =
      TestDatabase::is_postgres() ? std::make_unique<PostgresSchema>() : nullptr;
};

/// A role that may read and write rows of a schema, and nothing else.
class RowsRole {
 public:
  explicit RowsRole(PostgresSchema& schema) : schema_(schema), name_("rows_of_" + schema.name()) {
    schema.execute("CREATE ROLE " + name_ + " LOGIN PASSWORD 'secret-canary'");
    schema.execute("GRANT USAGE ON SCHEMA " + schema.name() + " TO " + name_);
    schema.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema.name() +
                   " TO " + name_);
    schema.execute("REVOKE INSERT, UPDATE, DELETE ON " + schema.name() +
                   ".schema_migrations FROM " + name_);
  }
  ~RowsRole() {
    try {
      schema_.execute("DROP OWNED BY " + name_);
      schema_.execute("DROP ROLE " + name_);
    } catch (std::exception const& error) {
      WARN("a role is left behind: " << error.what());
    }
  }
  RowsRole(RowsRole const&) = delete;
  RowsRole& operator=(RowsRole const&) = delete;

  [[nodiscard]] std::string url() const {
    auto url = schema_.url();
    auto const begin = url.find("://") + 3;
    return url.replace(begin, url.find('@') - begin, name_ + ":secret-canary");
  }

 private:
  PostgresSchema& schema_;
  std::string name_;
};

/// Of the tables that this library makes: what a version beyond is refused with.
std::string newest_version() {
  auto const refusal = cloacina_command("migrate --print --from 99").output;
  auto const begin = refusal.find("expected 0 to ") + std::string_view{"expected 0 to "}.size();
  return refusal.substr(begin, refusal.find_first_not_of("0123456789", begin) - begin);
}

Workflow work() {
  return one_task("work", [](TaskContext<>& context) { context.put("done", true); });
}

}  // namespace

TEST_CASE("the printed SQL makes exactly what opening the database makes", "[cli]") {
  Place opened;
  Place printed;
  { Client const client{opened.url(), Registry{}}; }
  auto const answer = printed.run_script();
  CAPTURE(answer.output);
  REQUIRE(answer.status == 0);
  CHECK(answer.output.empty());
  CHECK(printed.shape() == opened.shape());
  CHECK_THAT(opened.shape(), Catch::Contains("executions_unowned") && Catch::Contains("|initial|"));
}

TEST_CASE("a runner works on what an administrator has made", "[cli]") {
  Place place;
  REQUIRE(place.run_script().status == 0);
  auto runner = start(place.url(), {work()});
  CHECK(wait(runner.submit("work", {})).context().get("done") == true);
}

TEST_CASE("who may not change tables finds nothing to do, and works on them", "[cli]") {
  Place place;
  REQUIRE(place.run_script().status == 0);
  std::optional<RowsRole> role;  // SQLite has none, but a mode that only reads
  if (TestDatabase::is_postgres()) role.emplace(place.schema());
  auto const url = role ? role->url() : place.url() + "?mode=ro";
  auto const answer = cloacina_command("migrate " + quoted(url));
  CAPTURE(answer.output);
  CHECK(answer.status == 0);
  CHECK_THAT(answer.output, Catch::Contains("nothing to do"));
  if (!role) {
    CHECK(Client{url, Registry{}}.list().empty());
    return;
  }
  CHECK(place.schema().text("SELECT has_schema_privilege('rows_of_" + place.schema().name() +
                            "', '" + place.schema().name() + "', 'CREATE')") == "f");
  auto runner = start(url, {work()});
  CHECK(wait(runner.submit("work", {})).context().get("done") == true);
}

TEST_CASE("migrate makes the tables, and the next time finds nothing to do", "[cli]") {
  Place place;
  auto const first = cloacina_command("migrate " + quoted(place.url()));
  CHECK(first.status == 0);
  CHECK_THAT(first.output, Catch::Contains("it was at 0"));
  auto const second = cloacina_command("migrate " + quoted(place.url()));
  CHECK(second.status == 0);
  CHECK_THAT(second.output, Catch::Contains("nothing to do"));
  auto const newest = newest_version();
  CHECK(place.run_script("--from " + newest).status == 0);
  // Each step is refused where it was made already.
  CHECK(place.run_script("--from " + std::to_string(std::stoi(newest) - 1)).status != 0);
}

TEST_CASE("the SQL for another version fails, and leaves the tables as they were", "[cli]") {
  Place place;
  REQUIRE(place.run_script().status == 0);
  auto const before = place.shape();
  auto const again = place.run_script();
  CHECK(again.status != 0);
  CHECK_THAT(again.output, Catch::Contains("already exists"));
  CHECK(place.shape() == before);
}

TEST_CASE("wrong arguments end with 2 and say what was expected", "[cli]") {
  struct Case {
    std::string arguments, words;
  };
  for (auto const& [arguments, words] :
       {Case{"", "no command"}, Case{"migrat", "did you mean 'migrate'"},
        Case{"postgres://user:secret-canary@host/db", "unknown command; expected"},
        Case{"migrate", "a database's URL or --print"},
        Case{"migrate --print sqlite://x.db", "a database's URL or --print"},
        Case{"migrate sqlite://x.db postgres://user:secret-canary@host/db", "two URLs"},
        Case{"migrate --prin", "did you mean '--print'"},
        Case{"migrate --print --password=secret-canary", "unknown option; expected"},
        Case{"migrate --print --schema", "--schema wants a value"},
        Case{"migrate --print --schema 'a b'", "letters, digits and underscores"},
        Case{"migrate --print --schema pg_mine", "keeps for itself"},
        Case{"migrate --print --backend postgress", "did you mean 'postgres'"},
        Case{"migrate --print --backend sqlite --schema a", "--schema is for postgres"},
        Case{"migrate --print --from 99", "expected 0 to "},
        Case{"migrate --print --from 1x", "--from is no version"},
        Case{"migrate --schema a postgres://user:secret-canary@host/db", "belong to --print"}}) {
    CAPTURE(arguments);
    auto const answer = cloacina_command(arguments);
    CHECK(answer.status == 2);
    CHECK_THAT(answer.output, Catch::Contains(words) && Catch::Contains("See cloacina --help"));
    CHECK_THAT(answer.output, !Catch::Contains("secret-canary"));
  }
}

TEST_CASE("a database that refuses ends with 1, and its password is not shown", "[cli]") {
  for (std::string const& url : std::vector<std::string>{
           "postgres://user:secret-canary@127.0.0.1:1/none", "sqlite:///no/such/directory/x.db",
           "mysql://user:secret-canary@h/d"}) {
    auto const answer = cloacina_command("migrate " + quoted(url));
    CAPTURE(answer.output);
    CHECK(answer.status == 1);
    CHECK_THAT(answer.output, Catch::StartsWith("cloacina: ") && Catch::Contains("expected"));
    CHECK_THAT(answer.output, !Catch::Contains("secret-canary"));
  }
}

TEST_CASE("help and version are answers, and an answer that cannot be written is an error",
          "[cli]") {
  CHECK_THAT(cloacina_command("--help").output, Catch::StartsWith("usage: cloacina migrate"));
  CHECK(cloacina_command("migrate --help").status == 0);
  CHECK(cloacina_command("--version").output == "cloacina " + std::string{version} + "\n");
  CHECK(cloacina_command("migrate --print >/dev/full").status == 1);
}
