#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/detail/async_operation.hpp>
#include <cloacina/environment.hpp>
#include <cloacina/execution_info.hpp>
#include <cloacina/execution_result.hpp>
#include <cloacina/observer.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/runner_config.hpp>
#include <cloacina/runner_info.hpp>
#include <cloacina/submit_options.hpp>

#include "backend/database.hpp"
#include "engine/completion.hpp"
#include "engine/crew.hpp"
#include "engine/messages.hpp"
#include "runner/schedule_book.hpp"

namespace cloacina::detail {

/// A running runner: database, engine, bodies and services, started and stopped in the right order.
/// Thread-safe.
class Machine {
 public:
  struct Parts {
    std::string database_url;
    std::optional<std::string> schema{};  ///< of a tenant
    DefaultRunnerConfig config;
    Registry::Snapshot workflows;
    std::vector<CronRegistration> crons{};      ///< registered before anything runs
    std::vector<TriggerDefinition> triggers{};  ///< as well, and polled
    Environment environment;
    std::shared_ptr<Observer> observer;
    /// Threads that are shared with other runners; null: its own.
    std::shared_ptr<engine::Crew> crew{};
    /// Connections that are shared, as `share_server` makes them; null: its own.
    std::shared_ptr<backend::SharedServer> server{};
    /// For tests: see `backend::OpenOptions::fault`.
    std::function<void(std::string_view point)> fault{};
  };

  explicit Machine(Parts parts);
  ~Machine();
  Machine(Machine const&) = delete;
  Machine& operator=(Machine const&) = delete;

  /// Throws `StateError` in the child of a fork, where any lock may be held by a thread that is not
  /// there: comes before all else.
  void check_not_forked() const;
  /// Throws `WorkflowNotFound`.
  void check_workflow(std::string_view name) const;
  [[nodiscard]] ExecutionId new_id() const;
  /// Checks everything that can be checked before the engine sees it.
  [[nodiscard]] engine::Submission make_submission(std::string_view workflow, Context input,
                                                   SubmitOptions const& options);
  /// Does not block; throws `RunnerStopped`.
  void submit(std::vector<engine::Submission>&& submissions);
  /// Throws `StateError` on a thread that must not block: before anything is submitted in vain.
  void check_may_wait() const;
  /// Blocks until `acceptance` is answered; throws what it was refused with.
  void wait_accepted(engine::Acceptance& acceptance);
  /// Blocks until it is set or the timeout has passed. Throws `StateError` where that would wait
  /// for itself.
  [[nodiscard]] bool wait(engine::Signal& signal, std::optional<std::chrono::nanoseconds> timeout);

  [[nodiscard]] WorkflowStatus status(ExecutionId id);
  [[nodiscard]] ExecutionResult result(ExecutionId id);
  [[nodiscard]] std::vector<TaskResult> tasks(ExecutionId id);
  [[nodiscard]] std::vector<ExecutionInfo> list(ListOptions const& options);
  [[nodiscard]] std::vector<RunnerInfo> runners();
  [[nodiscard]] std::shared_ptr<engine::Completion> watch(ExecutionId id);
  void cancel(ExecutionId id, std::string_view reason);
  /// Throws `StateError` in the child of a fork.
  [[nodiscard]] ScheduleBook& schedule_book() const;
  [[nodiscard]] std::vector<std::string> workflow_names() const;
  /// Does not block; throws `RunnerStopped`.
  void add_workflow(Workflow workflow);
  void add_trigger(TriggerDefinition trigger);
  void run_on_worker(std::function<void()> work);

  void shutdown(WaitTime timeout) noexcept;

 private:
  struct Core;  // outlives this object if its thread has to be left behind
  void push(engine::Request&& request);
  [[nodiscard]] backend::Database& database() const;
  void shut_down_now(WaitTime timeout);
  void join_shutdown(WaitTime timeout);
  void let_go();
  void leave_engine_thread();
  [[nodiscard]] bool is_forked() const noexcept;
  /// A body, a callback or an observer that shuts its runner down must not wait for itself.
  [[nodiscard]] bool is_own_thread() const;

  std::shared_ptr<Core> core_;
  std::thread engine_thread_;
  std::atomic<bool> shutting_down_{false};
  engine::Signal ended_;
  pid_t process_;
};

/// What runners with this configuration share of one server. Null for SQLite.
[[nodiscard]] std::shared_ptr<backend::SharedServer> share_server(
    DatabaseUrl const& url, DefaultRunnerConfig const& config);

/// Runs handlers on a worker of the machine, or aside once it is gone.
[[nodiscard]] RunOnWorker run_on_worker_of(std::weak_ptr<Machine> machine);

}  // namespace cloacina::detail
