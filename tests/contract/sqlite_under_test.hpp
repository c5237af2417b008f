#pragma once

#include "contract/backend_under_test.hpp"
#include "support/scratch_directory.hpp"

namespace cloacina::contract {

class SqliteUnderTest final : public BackendUnderTest {
 public:
  SqliteUnderTest() {
    database_ = backend::Database::open(DatabaseUrl::parse(directory_.sqlite_url()), options());
  }
  ~SqliteUnderTest() override { database_.reset(); }

  void create_samples() override {
    static constexpr backend::Statement create{
        .name = "create_samples",
        .sqlite =
            "CREATE TABLE {s}.samples (id INTEGER NOT NULL PRIMARY KEY, i INTEGER, d REAL, t TEXT "
            "UNIQUE, u BLOB,"
            " at INTEGER) STRICT"};
    database_->open_writer()->execute(create);
  }
  void store_impossible_instant() override {
    static constexpr backend::Statement store{
        .name = "store", .sqlite = "UPDATE {s}.samples SET at = -9223372036854775807"};
    database_->open_writer()->execute(store);
  }
  [[nodiscard]] bool stores_only_json() const override { return false; }
  [[nodiscard]] std::chrono::microseconds clock_tolerance() const override { return {}; }
  [[nodiscard]] std::vector<std::string> points_of_a_batch() const override {
    return {"begin", "fence", "insert_execution", "write_task", "commit.before"};
  }

 private:
  test::ScratchDirectory directory_;
};

}  // namespace cloacina::contract
