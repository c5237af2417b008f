#pragma once

#include <cstdint>

#include "harness/place.hpp"

namespace bench {

// What is in a database, by plain SQL: the measured program is not asked about itself. Each
// connects, reads, and throws `std::runtime_error` with the database's words.

/// Transactions that runners have committed; each raises the number in its runner's row.
[[nodiscard]] std::uint64_t stored_commits(Place const& place);
/// Rows of executions and of tasks with the status Completed.
[[nodiscard]] std::uint64_t completed_executions(Place const& place);
[[nodiscard]] std::uint64_t completed_tasks(Place const& place);
/// Bytes of all changes that tasks made to their contexts.
[[nodiscard]] std::uint64_t stored_delta_bytes(Place const& place);

/// Whether an execution of PostgreSQL has not ended; cheap, however many have.
[[nodiscard]] bool has_unfinished(Place const& place);
/// What a schema has cost its server so far.
struct ServerCost {
  double wal_bytes = 0;  ///< of the whole server
  double table_bytes = 0, index_bytes = 0;
  double updates = 0, hot_updates = 0;
  double sessions = 0;  ///< that are connected now, but this one
};
[[nodiscard]] ServerCost server_cost(Place const& place);
/// Of PostgreSQL: removes the schema with everything in it.
void drop_schema(Place const& place);

}  // namespace bench
