#pragma once

#include "contract/backend_under_test.hpp"
#include "support/postgres_schema.hpp"

namespace cloacina::contract {

class PostgresUnderTest final : public BackendUnderTest {
 public:
  /// See `PostgresSchema::url`.
  explicit PostgresUnderTest(std::string const& options,
                             std::string const& server = test::PostgresSchema::server_url()) {
    lease_clock = {};
    database_ =
        backend::Database::open(DatabaseUrl::parse(schema_.url(options, server)), this->options());
  }
  ~PostgresUnderTest() override { database_.reset(); }

  void create_samples() override {
    schema_.execute("CREATE TABLE " + schema_.name() +
                    ".samples (id bigint PRIMARY KEY, i bigint, d double precision, t text, u uuid,"
                    " at timestamptz);"
                    // An index holds no text of a megabyte.
                    "CREATE UNIQUE INDEX samples_t ON " +
                    schema_.name() + ".samples (md5(t))");
  }
  void store_impossible_instant() override {
    schema_.execute("UPDATE " + schema_.name() + ".samples SET at = '-infinity'");
  }
  [[nodiscard]] bool stores_only_json() const override { return true; }
  [[nodiscard]] std::chrono::microseconds clock_tolerance() const override {
    return std::chrono::seconds{5};
  }
  [[nodiscard]] std::vector<std::string> points_of_a_batch() const override {
    return {"group", "commit.before"};
  }

 private:
  test::PostgresSchema schema_;
};

}  // namespace cloacina::contract
