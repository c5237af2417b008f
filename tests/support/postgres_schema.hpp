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
  [[nodiscard]] static std::string server_url() {
    char const* const url = std::getenv("CLOACINA_TEST_POSTGRES_URL");
    if (url == nullptr)
      throw std::runtime_error{
          "CLOACINA_TEST_POSTGRES_URL is not set; expected the URL of a server for tests: ./dev "
          "test starts one and sets it"};
    return url;
  }
  /// Of this schema; `options` are appended, as "listen=false&prepare=false". Its sessions are
  /// called as the schema.
  [[nodiscard]] std::string url(std::string const& options = {}) const {
    auto const server = server_url();
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
  static std::string next() {
    static std::atomic<int> number{0};
    return std::to_string(++number);
  }
  std::string name_;
};

}  // namespace cloacina::test
