#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace bench {

// What is in a database, by plain SQL: the measured program is not asked about itself. Each opens
// the file, reads, and throws `std::runtime_error` with SQLite's words.

/// Transactions that runners have committed; each raises the number in its runner's row.
[[nodiscard]] std::uint64_t stored_commits(std::filesystem::path const& file);
/// Rows of executions and of tasks with the status Completed.
[[nodiscard]] std::uint64_t completed_executions(std::filesystem::path const& file);
[[nodiscard]] std::uint64_t completed_tasks(std::filesystem::path const& file);
/// Bytes of all changes that tasks made to their contexts.
[[nodiscard]] std::uint64_t stored_delta_bytes(std::filesystem::path const& file);

}  // namespace bench
