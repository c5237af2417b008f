#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cloacina/execution_id.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

/// How a runner stands to the database that it uses.
enum class RunnerState : std::uint8_t {
  alive,    ///< it renewed its lease in time
  overdue,  ///< its lease is over, and nobody has taken over from it yet
  stopped,  ///< it was shut down and gave back what it owned
  dead,     ///< another runner took over what it owned
};

/// "alive", "overdue", "stopped", "dead".
[[nodiscard]] std::string_view to_string(RunnerState state) noexcept;
/// Throws `ValidationError` for any other word.
[[nodiscard]] RunnerState runner_state_from(std::string_view word);

/// A runner that uses the database, or did so in the last 24 hours.
struct RunnerInfo {
  ExecutionId id{};  ///< new at each start, and after being declared dead
  std::string name;  ///< `runner_name` of its configuration
  std::string host;
  std::int64_t pid = 0;
  std::string library_version;
  RunnerState state = RunnerState::alive;
  std::size_t executions = 0;  ///< that it owns
  Instant started_at{};
  std::optional<Instant> ended_at;
};

}  // namespace cloacina
