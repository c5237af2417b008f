#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "support/postgres_schema.hpp"
#include "support/raw_database.hpp"
#include "support/scratch_directory.hpp"

namespace cloacina::test {

/// A new database of the driver that CLOACINA_TEST_BACKEND names ("sqlite" if it is not set): a
/// file or a schema of its own, removed at the end.
class TestDatabase {
 public:
  TestDatabase() {
    if (is_postgres()) schema_ = std::make_unique<PostgresSchema>();
  }

  [[nodiscard]] static bool is_postgres() {
    char const* const name = std::getenv("CLOACINA_TEST_BACKEND");
    return name != nullptr && std::string_view{name} == "postgres";
  }
  [[nodiscard]] std::string url() const {
    return schema_ ? schema_->url() : directory_.sqlite_url();
  }

  /// The database seen with plain SQL, past the library. Used by one thread at a time.
  class Raw {
   public:
    explicit Raw(TestDatabase const& database) {
      if (database.schema_) {
        server_ = std::make_unique<pqxx::connection>(PostgresSchema::server_url());
        pqxx::nontransaction{*server_}.exec("SET search_path TO " + database.schema_->name());
      } else {
        file_ = std::make_unique<RawDatabase>(database.directory_.path() / "test.db");
      }
    }
    void execute(std::string const& sql) {
      if (file_) return file_->execute(sql);
      pqxx::nontransaction{*server_}.exec(sql);
    }
    /// Where the dialects differ.
    void execute(std::string const& sqlite, std::string const& postgres) {
      execute(file_ ? sqlite : postgres);
    }
    /// The first column of every row as text; NULL is "NULL".
    [[nodiscard]] std::vector<std::string> column(std::string const& sql) const {
      if (file_) return file_->column(sql);
      std::vector<std::string> values;
      for (auto const& row : pqxx::nontransaction{*server_}.exec(sql))
        values.emplace_back(row[0].is_null() ? "NULL" : row[0].c_str());
      return values;
    }
    /// The first column of the only row.
    [[nodiscard]] std::string text(std::string const& sql) const {
      auto const values = column(sql);
      if (values.size() != 1)
        throw std::runtime_error{std::to_string(values.size()) + " rows instead of one: " + sql};
      return values.front();
    }
    [[nodiscard]] std::int64_t integer(std::string const& sql) const {
      return std::stoll(text(sql));
    }
    /// No transaction of a runner gets through until `let_writers_in`.
    void keep_writers_out() {
      execute("BEGIN IMMEDIATE", "BEGIN");
      if (!file_) execute("LOCK TABLE runners IN EXCLUSIVE MODE");
    }
    void let_writers_in() { execute("ROLLBACK"); }

   private:
    std::unique_ptr<RawDatabase> file_;
    std::unique_ptr<pqxx::connection> server_;
  };
  [[nodiscard]] Raw raw() const { return Raw{*this}; }

 private:
  ScratchDirectory directory_;
  std::unique_ptr<PostgresSchema> schema_;
};

}  // namespace cloacina::test
