#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cloacina/status.hpp>

#include "backend/database.hpp"
#include "dal/control_requests.hpp"
#include "dal/rows.hpp"
#include "dal/workflow_definitions.hpp"

namespace cloacina::dal {

/// Who writes, and under which number (R1).
struct Fence {
  RunnerId runner{};
  std::uint64_t commit_seq = 0;  ///< number of this transaction; the stored one must be one less
  std::chrono::microseconds lease{};
};

/// An execution that is accepted. Texts live until `commit` returns.
struct ExecutionInsert {
  ExecutionId id{};
  std::string_view workflow, version;
  WorkflowStatus status = WorkflowStatus::pending;
  bool owned = true;
  std::int16_t priority = 0;
  std::string_view input;
  std::string_view idempotency_key;  ///< empty: none
  Instant created_at{};
  std::optional<Instant> start_after, started_at, deadline;
};

/// The row of one task, as it is now: inserted, or replaced unless it `is_new`.
struct TaskWrite {
  ExecutionId execution{};
  std::string_view task;
  TaskStatus status = TaskStatus::ready;
  std::uint32_t attempt = 1;
  std::uint32_t crashes = 0;  ///< written on insert only: nothing but a takeover changes it (R9)
  bool at_most_once =
      false;  ///< a Running row of such a task is Failed by a takeover or release (R10)
  std::string_view delta;  ///< empty: NULL
  std::string_view error;
  std::string_view skip_reason;
  std::optional<Instant> started_at, completed_at, wake_at;
  bool is_new = false;  ///< there is no row yet; if there is one, the batch may be refused
};

/// One attempt that did not simply succeed.
struct AttemptInsert {
  ExecutionId execution{};
  std::string_view task;
  std::uint32_t attempt = 1;
  std::string_view status, error;
  std::optional<Instant> started_at;
  Instant ended_at{};
};

struct ExecutionUpdate {
  ExecutionId id{};
  WorkflowStatus status = WorkflowStatus::running;
  std::string_view output, error;  ///< empty: NULL
  std::optional<Instant> started_at, completed_at, deadline;
  bool release = false;  ///< owner = NULL (R5: with the end)
};

/// What a claim returns; see `load` in dal/workflow_executions.hpp for its tasks.
struct ClaimRequest {
  std::size_t limit = 0;  ///< 0: no claim
  Instant now{};
  std::string_view known;  ///< JSON array of "name@version"
};

/// One group of transitions. Rows are in primary-key order, no row twice.
struct Batch {
  std::vector<ExecutionInsert> inserts;
  std::vector<TaskWrite> tasks;
  std::vector<AttemptInsert> attempts;
  std::vector<ExecutionUpdate> updates;
  std::vector<AppliedRequest> applied;         ///< by the other rows of this batch
  std::vector<UnownedCancel> unowned_cancels;  ///< what waits for executions of nobody
  std::vector<WorkflowDefinitionRow> learned;  ///< what this runner can run as well from now on
  ClaimRequest claim;

  [[nodiscard]] bool empty() const noexcept {
    return inserts.empty() && tasks.empty() && attempts.empty() && updates.empty() &&
           applied.empty() && unowned_cancels.empty() && learned.empty() && claim.limit == 0;
  }
  [[nodiscard]] std::size_t rows() const noexcept {
    return inserts.size() + tasks.size() + attempts.size() + updates.size();
  }
  void clear() noexcept;
};

struct Committed {
  std::vector<std::size_t>
      not_inserted;  ///< indexes into `inserts`: id or idempotency key was there already
  std::vector<ExecutionRow> claimed;
  std::vector<UnreadableRow> unreadable;  ///< claimed as well
};
struct Fenced {};  ///< nothing was written; read the own row (R1)
struct Unknown {
  std::string message;
};  ///< read the own row (R8)
struct Again {
  std::string message;
  bool session_broken = false;
};  ///< nothing was written; the same again, later (R16)
struct Damaged {
  std::string message;
};  ///< the database is damaged, and no repetition mends it
struct Refused {
  std::string sqlstate, message;
};  ///< nothing was written; an error that names the data (R16)
using Outcome = std::variant<Committed, Fenced, Unknown, Again, Damaged, Refused>;

/// Writes the batch behind the fence in one transaction: all of it or nothing. An empty batch
/// renews the lease. Throws nothing but `std::bad_alloc`.
[[nodiscard]] Outcome commit(backend::Database& database, backend::Session& session,
                             Fence const& fence, Batch const& batch);

}  // namespace cloacina::dal
