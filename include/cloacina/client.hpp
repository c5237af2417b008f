#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/execution_info.hpp>
#include <cloacina/execution_result.hpp>
#include <cloacina/invocation.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/runner_info.hpp>
#include <cloacina/schedules.hpp>
#include <cloacina/submit_options.hpp>

namespace cloacina {

/// Submits to a database and asks it, and runs nothing: what it submits waits there for a runner.
///
/// Opens and migrates the database as a runner does. A workflow may be submitted if this program
/// has it registered. Thread-safe.
///
/// A write (`submit`, `submit_many`, `cancel`) waits for the writes of other threads through this
/// object and for its transaction, which is tried for 30 s while the database is busy, its disk
/// full, or an answer was lost, each time for `_busy_timeout` (5 s, see the URL); then it throws
/// `BackendError`. A read waits for one of ten sessions, not for writers. A disk that does not
/// answer is waited for.
class Client final : public Schedules {
 public:
  /// Throws `ConfigurationError`, `ValidationError`, `BackendError`. Blocks for the migration, at
  /// most `_busy_timeout` for each of its steps if others write.
  explicit Client(std::string_view database_url, Registry registry = Registry::global());
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// The id under which the execution is stored; the earlier one, if the idempotency key was taken.
  template <class WorkflowType>
  ExecutionId submit(Invocation<WorkflowType> const& job, SubmitOptions const& options = {}) {
    return submit(job.name, job.input, options);
  }
  ExecutionId submit(std::string_view workflow, Context input, SubmitOptions const& options = {});
  std::vector<ExecutionId> submit_many(std::string_view workflow, std::vector<Context> inputs,
                                       SubmitOptions const& options = {});

  /// As in `DefaultRunner`.
  [[nodiscard]] WorkflowStatus status(ExecutionId id) const;
  [[nodiscard]] ExecutionResult result(ExecutionId id) const;
  [[nodiscard]] std::vector<TaskResult> tasks(ExecutionId id) const;
  [[nodiscard]] std::vector<ExecutionInfo> list(ListOptions const& options = {}) const;
  [[nodiscard]] std::vector<RunnerInfo> runners() const;
  /// As in `DefaultRunner`. One that a runner owns is cancelled by that runner, which hears of it
  /// within 40 ms, or within its `scheduler_poll_interval` if nobody has written for a minute.
  void cancel(ExecutionId id, std::string_view reason = {});

 private:
  [[nodiscard]] detail::ScheduleBook& schedule_book() const override;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloacina
