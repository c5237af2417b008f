#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <pqxx/pqxx>

namespace cloacina::test {

/// A schema of its own on the server of the tests, removed at the end. The library makes it.
class PostgresSchema {
 public:
  PostgresSchema() : name_("test_" + std::to_string(::getpid()) + "_" + next()) {}
  ~PostgresSchema() {
    try {
      execute("DROP SCHEMA IF EXISTS " + name_ + " CASCADE");
    } catch (std::exception const&) {
      // The server goes with the tests, or its owner sees what is left.
    }
  }
  PostgresSchema(PostgresSchema const&) = delete;
  PostgresSchema& operator=(PostgresSchema const&) = delete;

  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  /// The server's URL, from CLOACINA_TEST_POSTGRES_URL.
  [[nodiscard]] static std::string server_url() { return set("CLOACINA_TEST_POSTGRES_URL"); }
  /// Of a pooler in transaction mode before it, from CLOACINA_TEST_PGBOUNCER_URL.
  [[nodiscard]] static std::string pooler_url() { return set("CLOACINA_TEST_PGBOUNCER_URL"); }
  /// Of this schema; `options` are appended, as "listen=false&prepare=false". Its sessions are
  /// called as the schema.
  [[nodiscard]] std::string url(std::string const& options = {},
                                std::string const& server = server_url()) const {
    auto const separator = server.find('?') == std::string::npos ? "?" : "&";
    return server + separator + "schema=" + name_ + "&application_name=" + name_ +
           (options.empty() ? "" : "&" + options);
  }
  /// Past the library.
  pqxx::result execute(std::string const& sql) {
    pqxx::connection connection{server_url()};
    pqxx::quiet_errorhandler const quiet{connection};
    return pqxx::nontransaction{connection}.exec(sql);
  }
  /// The first column of the only row.
  [[nodiscard]] std::string text(std::string const& sql) {
    auto const rows = execute(sql);
    if (rows.size() != 1) throw std::runtime_error{"not one row: " + sql};
    return rows[0][0].is_null() ? "NULL" : rows[0][0].c_str();
  }

 private:
  static std::string set(char const* variable) {
    char const* const url = std::getenv(variable);
    if (url == nullptr || *url == '\0')
      throw std::runtime_error{std::string{variable} +
                               " is not set; expected a URL for tests: ./dev test starts the "
                               "server and sets it"};
    return url;
  }
  static std::string next() {
    static std::atomic<int> number{0};
    return std::to_string(++number);
  }
  std::string name_;
};

}  // namespace cloacina::test
