// Tenants: a schema and a role each, made and removed by an administrator.
#include <atomic>
#include <future>
#include <thread>

#include <cloacina/client.hpp>
#include <cloacina/database_admin.hpp>
#include <cloacina/error.hpp>

#include "support/catch.hpp"
#include "support/postgres_schema.hpp"
#include "support/running.hpp"

using namespace cloacina;
using namespace cloacina::test;
using namespace std::chrono_literals;

namespace {

/// A tenant of its own, removed at the end.
struct Tenant {
  DatabaseAdmin admin{PostgresSchema::server_url()};
  PostgresSchema place;  // only for its name: the tenant makes the schema
  TenantCredentials credentials;

  explicit Tenant(TenantConfig config = {}) {
    config.schema_name = place.name();
    credentials = admin.create_tenant(config);
  }
  ~Tenant() {
    try {
      if (admin.tenant_exists(credentials.schema_name))
        admin.remove_tenant(credentials.schema_name, credentials.username);
    } catch (Error const& error) {
      WARN("a tenant is left behind: " << error.what());
    }
  }
  /// As the tenant itself.
  pqxx::result execute(std::string const& sql) {
    auto url = credentials.connection_string;
    pqxx::connection connection{url.substr(0, url.find('?'))};
    return pqxx::nontransaction{connection}.exec(sql);
  }
};

Workflow marking() {
  return one_task("work", [](TaskContext<>& context) { context.put("done", true); });
}

}  // namespace

TEST_CASE("a tenant's credentials are all that its program needs", "[tenants]") {
  Tenant tenant;
  CHECK(tenant.credentials.username == tenant.place.name());
  CHECK(tenant.credentials.password.size() == 64);
  CHECK(tenant.admin.tenant_exists(tenant.place.name()));
  auto runner = start(tenant.credentials.connection_string, {marking()});
  CHECK(wait(runner.submit("work", {})).context().get("done") == true);
  CHECK(tenant.place.text("SELECT count(*) FROM " + tenant.place.name() + ".workflow_executions") ==
        "1");
}

TEST_CASE("a tenant has rights on the rows of its own tables, and no others", "[tenants]") {
  Tenant tenant;
  Tenant other;
  auto const mine = tenant.place.name();
  auto const theirs = other.place.name();
  CHECK_NOTHROW(tenant.execute("SELECT * FROM " + mine + ".workflow_executions"));
  for (std::string const& sql : std::vector<std::string>{
           "SELECT * FROM " + theirs + ".workflow_executions",
           "CREATE TABLE " + mine + ".x (i int)", "CREATE TEMP TABLE x (i int)",
           "CREATE TABLE public.x (i int)", "CREATE SCHEMA " + mine + "_2",
           "DROP TABLE " + mine + ".runners", "TRUNCATE " + mine + ".runners",
           "ALTER TABLE " + mine + ".runners DISABLE TRIGGER ALL",
           "DELETE FROM " + mine + ".schema_migrations",
           "CREATE INDEX ON " + mine + ".workflow_executions (workflow)", "CREATE ROLE x",
           "ALTER ROLE " + theirs + " PASSWORD 'x'", "SET ROLE " + theirs,
           "GRANT SELECT ON " + mine + ".runners TO PUBLIC"}) {
    CAPTURE(sql);
    try {
      tenant.execute(sql);
      // PostgreSQL answers a GRANT that gives nothing with a warning.
      CHECK(sql.starts_with("GRANT"));
    } catch (pqxx::sql_error const&) {
      SUCCEED();
    }
  }
  CHECK(tenant.place.text("SELECT has_table_privilege('" + theirs + "', '" + mine +
                          ".runners', 'SELECT')") == "f");
}

TEST_CASE("a password of any text works, and is nowhere on the server", "[tenants][secrets]") {
  Tenant tenant{{.password = "ca:na@ry/ ?#&%'\"\\ü"}};
  CHECK(tenant.credentials.password == "ca:na@ry/ ?#&%'\"\\ü");
  CHECK_NOTHROW(Client{tenant.credentials.connection_string, Registry{}});
  CHECK_THAT(tenant.place.text("SELECT rolpassword FROM pg_authid WHERE rolname = '" +
                               tenant.credentials.username + "'"),
             Catch::StartsWith("SCRAM-SHA-256$"));
}

TEST_CASE("a removed tenant is gone with its role and its sessions", "[tenants]") {
  Tenant tenant;
  Client const connected{tenant.credentials.connection_string, Registry{}};
  auto const& name = tenant.place.name();
  CHECK_THROWS_AS(tenant.admin.remove_tenant(name, "postgres"), StateError);
  tenant.admin.remove_tenant(name, tenant.credentials.username);
  CHECK_FALSE(tenant.admin.tenant_exists(name));
  CHECK(tenant.place.text("SELECT count(*) FROM pg_roles WHERE rolname LIKE '" + name + "%'") ==
        "0");
  CHECK_THROWS_AS(tenant.admin.remove_tenant(name, tenant.credentials.username), StateError);
  CHECK_THROWS_AS(Client(tenant.credentials.connection_string, Registry{}), Error);
}

TEST_CASE("a tenant is removed under the hands of its programs", "[tenants]") {
  Tenant tenant;
  std::atomic<int> runs{0};
  auto const busy = one_task("work", [&runs](TaskContext<>&) { ++runs; });
  auto runner = start(tenant.credentials.connection_string, {busy});
  std::atomic<bool> removed{false};
  std::thread submitter{[&] {
    try {
      while (!removed) (void)runner.submit_many("work", std::vector<Context>(20));
    } catch (Error const&) {
      // What it is told depends on the moment.
    }
  }};
  auto const give_up = Clock::now() + patience;
  while (runs < 100 && Clock::now() < give_up) std::this_thread::sleep_for(1ms);
  CHECK_NOTHROW(
      tenant.admin.remove_tenant(tenant.credentials.schema_name, tenant.credentials.username));
  removed = true;
  runner.shutdown(0ms);
  submitter.join();
  CHECK_FALSE(tenant.admin.tenant_exists(tenant.credentials.schema_name));
  CHECK(tenant.place.text("SELECT count(*) FROM pg_stat_activity WHERE usename = '" +
                          tenant.credentials.username + "'") == "0");
}

TEST_CASE("an administrator who cannot keep a tenant inside its schema is told what is missing",
          "[tenants]") {
  PostgresSchema place;
  auto const name = place.name();
  auto const admin = name + "_admin";
  auto const database = name + "_db";
  place.execute("CREATE DATABASE " + database);
  place.execute("CREATE ROLE " + admin + " LOGIN CREATEROLE PASSWORD 'secret'");
  place.execute("GRANT CREATE ON DATABASE " + database + " TO " + admin);
  auto url = PostgresSchema::server_url();
  url.replace(url.find("://") + 3, url.rfind('@') - url.find("://") - 3, admin + ":secret");
  url.replace(url.rfind('/') + 1, std::string::npos, database);
  CHECK_THROWS_WITH(DatabaseAdmin{url}.create_tenant({.schema_name = name}),
                    Catch::Contains("REVOKE TEMPORARY ON DATABASE"));
  place.execute("DROP DATABASE " + database);
  place.execute("DROP OWNED BY " + admin);
  place.execute("DROP ROLE " + admin);
}

TEST_CASE("administrators do not get into each other's way", "[tenants][regression]") {
  constexpr int administrators = 6;
  std::vector<std::future<void>> ends;
  for (int i = 0; i < administrators; ++i)
    ends.push_back(std::async(std::launch::async, [] {
      DatabaseAdmin const admin{PostgresSchema::server_url()};
      PostgresSchema const place;
      for (int j = 0; j < 3; ++j) {
        auto const tenant = admin.create_tenant({.schema_name = place.name()});
        admin.remove_tenant(tenant.schema_name, tenant.username);
      }
    }));
  for (auto& end : ends) CHECK_NOTHROW(end.get());
}

TEST_CASE("a tenant that exists is not made again, and stays as it is", "[tenants]") {
  Tenant tenant;
  CHECK_THROWS_WITH(tenant.admin.create_tenant({.schema_name = tenant.place.name()}),
                    Catch::Contains("exists already"));
  CHECK_NOTHROW(Client{tenant.credentials.connection_string, Registry{}});
}

TEST_CASE("names that cannot be are refused with the reason", "[tenants]") {
  DatabaseAdmin const admin{PostgresSchema::server_url()};
  struct Case {
    std::string name, reason;
  };
  for (auto const& [name, reason] :
       {Case{"", "is empty"}, Case{"a-b", "letters, digits and underscores"},
        Case{"a\"; DROP TABLE x; --", "letters, digits and underscores"}, Case{"1st", "a digit"},
        Case{"pg_tenant", "keeps for itself"}, Case{"Information_Schema", "keeps for itself"},
        Case{"public", "everybody's"}, Case{std::string(64, 'a'), "63 are allowed"},
        Case{"tenänt", "letters, digits and underscores"}}) {
    CAPTURE(name);
    CHECK_THROWS_WITH(admin.create_tenant({.schema_name = name}), Catch::Contains(reason));
  }
  CHECK_THROWS_AS(admin.create_tenant({.schema_name = "fine", .username = "not fine"}),
                  ValidationError);
  CHECK_THROWS_AS(admin.create_tenant({.schema_name = "fine", .connection_limit = 0}),
                  ValidationError);
}

TEST_CASE("tenants are checked each by itself: one may be newer than the library", "[tenants]") {
  Tenant newer;
  Tenant same;
  newer.place.execute("INSERT INTO " + newer.place.name() +
                      ".schema_migrations VALUES (99, 'later', 'x')");
  CHECK_THROWS_AS(Client(newer.credentials.connection_string, Registry{}), ConfigurationError);
  CHECK_NOTHROW(Client{same.credentials.connection_string, Registry{}});
  newer.place.execute("DELETE FROM " + newer.place.name() +
                      ".schema_migrations WHERE version = 99");
  CHECK_NOTHROW(newer.admin.migrate_tenant(newer.place.name()));
}

TEST_CASE("with_schema and the builder make a schema, and refuse what cannot be one",
          "[tenants][schema]") {
  PostgresSchema schema;
  auto const url = PostgresSchema::server_url();
  {
    auto runner = DefaultRunner::with_schema(url, schema.name());
    CHECK(runner.list().empty());
  }
  auto built = DefaultRunner::builder().database_url(url).schema(schema.name()).build();
  CHECK(built.runners().size() == 2);
  CHECK_THROWS_WITH(DefaultRunner::with_schema(url, ""), Catch::Contains("is empty"));
  CHECK_THROWS_WITH(DefaultRunner::with_schema(url, "a b"), Catch::Contains("letters"));
  CHECK_THROWS_WITH(DefaultRunner::with_schema(schema.url(), "another"),
                    Catch::Contains("name it once"));
  CHECK_THROWS_WITH(DefaultRunner::with_schema("sqlite::memory:", "tenant_a"),
                    Catch::Contains("needs PostgreSQL"));
}

TEST_CASE("an administrator needs a PostgreSQL URL with a database", "[tenants]") {
  CHECK_THROWS_WITH(DatabaseAdmin{"sqlite://x.db"}, Catch::Contains("expected a postgres:// URL"));
  CHECK_THROWS_WITH(DatabaseAdmin{"postgres://admin@host"}, Catch::Contains("names no database"));
  CHECK_THROWS_WITH(DatabaseAdmin{"nonsense"}, Catch::Contains("expected"));
}
