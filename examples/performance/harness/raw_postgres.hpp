#pragma once

#include <cstdint>
#include <string>

#include <pqxx/pqxx>

#include "harness/raw.hpp"

namespace bench {

/// Each group is one prepared statement in autocommit, its rows an array for each column: one
/// journey to the server.
class RawPostgres final : public RawLoop {
 public:
  /// Makes the schema with its one table.
  explicit RawPostgres(Place const& place);

 private:
  void commit_group(std::size_t rows) override;

  pqxx::connection connection_;
  pqxx::nontransaction session_;
  std::uint64_t rows_ = 0;
};

}  // namespace bench
