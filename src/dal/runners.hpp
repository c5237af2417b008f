#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dal/batch.hpp"
#include "dal/workflow_definitions.hpp"

namespace cloacina::dal {

struct RunnerRow {
  RunnerId id{};
  std::string name, host, library_version;
  std::int64_t pid = 0;
  std::string workflows;  ///< JSON array of "name@version"
  Instant started_at{};
};

/// Inserts the runner (alive, commit_seq 0, lease from now) and the definitions it knows that are
/// not stored yet. After a try whose answer was lost, with the same row: a runner that is there has
/// its lease from now; false if it was declared dead meanwhile, then nothing is written.
bool register_runner(backend::Database&, backend::Session&, RunnerRow const&,
                     std::chrono::microseconds lease,
                     std::vector<WorkflowDefinitionRow> const& definitions);

/// Workflows that the runner knows: a JSON array of "name@version". In the transaction under way.
void insert_runner_workflows(backend::Session&, RunnerId, std::string_view known);

struct RunnerState {
  bool alive = false;
  std::uint64_t commit_seq = 0;
};
/// The own row (R1, R8); nothing if it is gone.
[[nodiscard]] std::optional<RunnerState> read_runner(backend::Session&, RunnerId);

/// How a runner stands to others.
struct RunnerStanding {
  RunnerRow row;  ///< without its workflows
  std::string state;
  bool overdue = false;  ///< alive, and its lease is over (R6)
  std::size_t executions = 0;
  std::optional<Instant> ended_at;
};
/// In the order of their starts.
[[nodiscard]] std::vector<RunnerStanding> list_runners(backend::Database&, backend::Session&);

/// A read without a lock: is there a runner to take over, an execution to claim, or another runner
/// alive?
struct Surroundings {
  std::size_t others_alive = 0;
  bool expired_runners = false;   ///< lease passed or another boot (R6)
  bool claimable = false;         ///< unowned, due, known
  bool requests_waiting = false;  ///< for own executions, or those of nobody (R12)
  std::int64_t schema_version = 0;
};
[[nodiscard]] Surroundings look_around(backend::Database&, backend::Session&, RunnerId me,
                                       Instant now, std::string_view known);

struct WaitingWorkflow {
  std::string name, version;
  std::size_t executions = 0;
};
/// Workflows that no living runner knows, of which an execution could be claimed since before
/// `since`. Looks at the first thousand to be claimed: those that nobody claims end up there.
[[nodiscard]] std::vector<WaitingWorkflow> known_to_nobody(backend::Session&, Instant since);

struct TakeoverResult {
  Outcome outcome;
  std::size_t runners = 0, executions = 0,
              orphans = 0;  ///< orphans: owners that were not alive at all (R2)
};
/// R2 in one transaction: own fence; expired runners dead; their executions unowned with takeovers
/// + 1; crashes counted (R9), at-most-once tasks with a marker Failed (R10); Running tasks Ready.
/// Dead rows are kept for a day. `allowed` is asked behind the fence: if it says no, the lease is
/// renewed and that is all (R7).
[[nodiscard]] TakeoverResult take_over(backend::Database&, backend::Session&, Fence const&,
                                       Instant now, std::uint32_t max_crashes,
                                       std::function<bool()> const& allowed);

/// R2, release: the engine's last transaction. `at_most_once` as in `take_over`.
[[nodiscard]] Outcome release(backend::Database&, backend::Session&, Fence const&, Instant now);

}  // namespace cloacina::dal
