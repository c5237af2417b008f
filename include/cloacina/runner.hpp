#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/environment.hpp>
#include <cloacina/execution_handle.hpp>
#include <cloacina/execution_info.hpp>
#include <cloacina/execution_result.hpp>
#include <cloacina/invocation.hpp>
#include <cloacina/observer.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/runner_config.hpp>
#include <cloacina/runner_info.hpp>
#include <cloacina/schedules.hpp>
#include <cloacina/submit_options.hpp>
#include <cloacina/time.hpp>
#include <cloacina/trigger_definition.hpp>

namespace cloacina {

/// Runs workflows, and keeps them in a database so that nothing accepted is ever lost.
///
/// Opens and migrates the database, starts its threads, and goes on with what earlier runners left
/// behind. Any number of runners, in this process or in others, may work on one database. Every
/// member is thread-safe; moving is not. \code
///   cloacina::DefaultRunner runner{"sqlite://orders.db"};
///   auto result = runner.execute(order_pipeline(order_id = 42));
///   std::cout << result.get(total) << '\n';
/// \endcode
/// Blocking calls throw `StateError` where they would wait for themselves: in a coroutine body, a
/// callback, an observer. In a synchronous body they lend their worker out while they wait.
///
/// A write (`submit`, `submit_many`, `cancel`) has no deadline: the engine tries until the database
/// takes it, each time for `_busy_timeout` (5 s, see the URL) with pauses of up to a second; a
/// shutdown ends that with `RunnerStopped`, after the try under way. For a deadline wait for
/// `async_submit(…, asio::use_future)`. A read (`status`, `result`, `list`, `handle`) waits for one
/// of the `db_pool_size` sessions, not for writers, and at most `_busy_timeout` where SQLite keeps
/// readers out for a moment; then it throws `BackendError`. A disk that does not answer is waited
/// for by all but `shutdown`.
class DefaultRunner final : public Schedules {
 public:
  class Builder;

  /// Throws `ConfigurationError` (URL, file, configuration: one error naming every offending
  /// field), `ValidationError` (everything that is wrong with registered workflows),
  /// `BackendError`. Blocks for the migration and one transaction, each at most `_busy_timeout` if
  /// others write.
  explicit DefaultRunner(std::string_view database_url, DefaultRunnerConfig config = {});
  [[nodiscard]] static Builder builder();
  /// The runner of one tenant, in a schema of its own on PostgreSQL: made if it is missing and the
  /// role may. `schema`: 1 to 63 letters, digits and underscores, not beginning with a digit.
  /// Throws as the constructor does, also `ConfigurationError` for SQLite, where each tenant has a
  /// file of its own. \code
  ///   auto tenant = cloacina::DefaultRunner::with_schema("postgres://app@db/app", "tenant_a");
  /// \endcode
  [[nodiscard]] static DefaultRunner with_schema(std::string_view database_url,
                                                 std::string_view schema,
                                                 DefaultRunnerConfig config = {});

  /// What was moved from may be shut down, assigned to and destroyed; ask it nothing else.
  DefaultRunner(DefaultRunner&&) noexcept;
  DefaultRunner& operator=(DefaultRunner&&) noexcept;
  /// `shutdown(5 s)`; an observer that does not return is waited for one more second, and hears
  /// nothing more afterwards.
  ~DefaultRunner();

  // ---- submit and wait
  // -----------------------------------------------------------------------------------------------

  /// Submits and blocks until the end. A run that failed *returns*; throws only if it could not be
  /// accepted or waited for: `WorkflowNotFound`, `ValidationError`, `RunnerStopped`.
  template <class WorkflowType>
  TypedResult<WorkflowType> execute(Invocation<WorkflowType> const& job,
                                    SubmitOptions const& options = {}) {
    return TypedResult<WorkflowType>{execute(job.name, job.input, options)};
  }
  ExecutionResult execute(std::string_view workflow, Context input,
                          SubmitOptions const& options = {});

  /// Blocks until the execution is stored, however long the database is busy: from then on it is
  /// not lost.
  template <class WorkflowType>
  TypedHandle<WorkflowType> submit(Invocation<WorkflowType> const& job,
                                   SubmitOptions const& options = {}) {
    return TypedHandle<WorkflowType>{submit(job.name, job.input, options)};
  }
  ExecutionHandle submit(std::string_view workflow, Context input,
                         SubmitOptions const& options = {});

  /// Many at once: blocks until all are stored, in as few transactions as they fit into. Throws if
  /// one is refused; the others may have been stored.
  template <class WorkflowType>
  std::vector<TypedHandle<WorkflowType>> submit_many(
      std::vector<Invocation<WorkflowType>> const& jobs, SubmitOptions const& options = {}) {
    std::vector<Context> inputs;
    inputs.reserve(jobs.size());
    for (auto const& job : jobs) inputs.push_back(job.input);
    std::vector<TypedHandle<WorkflowType>> handles;
    handles.reserve(jobs.size());
    for (auto& handle : submit_many(Invocation<WorkflowType>::name, std::move(inputs), options))
      handles.emplace_back(std::move(handle));
    return handles;
  }
  std::vector<ExecutionHandle> submit_many(std::string_view workflow, std::vector<Context> inputs,
                                           SubmitOptions const& options = {});

  /// Does not block; completes with `void(std::exception_ptr, handle)` once the execution is
  /// stored, on the handler's associated executor, or on a worker. What `submit` would throw comes
  /// to the handler too.
  template <class WorkflowType, class Token>
  auto async_submit(Invocation<WorkflowType> const& job, SubmitOptions const& options,
                    Token&& token) {
    return async_submit_as<TypedHandle<WorkflowType>>(job.name, job.input, options,
                                                      std::forward<Token>(token));
  }
  template <class WorkflowType, class Token>
  auto async_submit(Invocation<WorkflowType> const& job, Token&& token) {
    return async_submit(job, SubmitOptions{}, std::forward<Token>(token));
  }
  template <class Token>
  auto async_submit(std::string_view workflow, Context input, SubmitOptions const& options,
                    Token&& token) {
    return async_submit_as<ExecutionHandle>(workflow, std::move(input), options,
                                            std::forward<Token>(token));
  }
  template <class Token>
  auto async_submit(std::string_view workflow, Context input, Token&& token) {
    return async_submit(workflow, std::move(input), SubmitOptions{}, std::forward<Token>(token));
  }

  /// What readers of the reference look for; the same as `submit`.
  template <class... Arguments>
  auto execute_async(Arguments&&... arguments) {
    return submit(std::forward<Arguments>(arguments)...);
  }

  // ---- ask and steer
  // -------------------------------------------------------------------------------------------------

  /// Each blocks for a read, see above. Throws `ExecutionNotFound`.
  [[nodiscard]] WorkflowStatus status(ExecutionId id) const;
  /// Throws `StateError` at once if the execution is not final.
  [[nodiscard]] ExecutionResult result(ExecutionId id) const;
  /// Its tasks as they are stored now, in the order in which the workflow lists them: how far it
  /// is. A body that runs shows 100 ms after its start. Reads every row of the execution. Throws
  /// `ExecutionNotFound`.
  [[nodiscard]] std::vector<TaskResult> tasks(ExecutionId id) const;
  /// A handle for an execution that was submitted earlier, or elsewhere.
  [[nodiscard]] ExecutionHandle handle(ExecutionId id) const;
  /// Newest first. Blocks for a read.
  [[nodiscard]] std::vector<ExecutionInfo> list(ListOptions const& options = {}) const;
  /// Those of this database, this one too, in the order of their starts. Blocks for a read.
  [[nodiscard]] std::vector<RunnerInfo> runners() const;
  /// Nothing new starts, running bodies are asked to stop, unfinished tasks become Cancelled. The
  /// execution's error names the reason, of which 8 KiB are kept and what is not UTF-8 is replaced.
  /// Whichever runner owns it, of this process or another. Blocks until that is stored: without a
  /// limit for what this runner owns; for others until the database takes the request (30 s and
  /// `_busy_timeout`, then `BackendError`) and the owner has applied it (30 s, then `TimeoutError`:
  /// the request stays for whoever owns the execution next). Throws `ExecutionNotFound`;
  /// `StateError` naming the state if it is final, also if an earlier call cancelled it.
  void cancel(ExecutionId id, std::string_view reason = {});

  /// The workflows that this runner can run.
  [[nodiscard]] std::vector<std::string> workflows() const;
  /// One more, for programs that make workflows while they run. What is submitted from now on under
  /// its name is this one; executions of an earlier one of that name go on as they began. Does not
  /// block: other runners hear of it with this runner's next transaction. Throws `RunnerStopped`.
  void add_workflow(Workflow workflow);

  /// Another trigger: registers it, as `CLOACINA_TRIGGER` does when a runner starts, and polls it
  /// unless another runner does. One of its name that this runner knows is replaced. Blocks for a
  /// transaction. Throws `ValidationError` naming the field that is wrong, `WorkflowNotFound`,
  /// `RunnerStopped`; `StateError` if `enable_trigger_scheduling` is false.
  void add_trigger(TriggerDefinition trigger);

  /// Accepts no more, lets running bodies end until `timeout`, asks the rest to stop, and gives its
  /// executions back so that others need not wait for the lease. Returns by `timeout` + 0.5 s;
  /// threads of bodies that do not stop are left behind. Idempotent, callable from any thread,
  /// never throws.
  void shutdown(WaitTime timeout = std::chrono::seconds{5}) noexcept;

 private:
  friend class TenantHost;
  [[nodiscard]] detail::ScheduleBook& schedule_book() const override;
  explicit DefaultRunner(std::shared_ptr<detail::Machine> machine) noexcept;
  template <class Handle, class Token>
  auto async_submit_as(std::string_view workflow, Context input, SubmitOptions const& options,
                       Token&& token) {
    auto start = [submission = prepare(workflow, std::move(input), options)](auto done) {
      submission([done](std::exception_ptr error, ExecutionHandle handle) {
        done(std::move(error), Handle{std::move(handle)});
      });
    };
    return detail::async_operation<Handle>(run_on_worker(), std::move(start),
                                           std::forward<Token>(token));
  }
  using Submitted = std::function<void(std::exception_ptr, ExecutionHandle)>;
  /// Checks now; the returned function submits, or tells what is wrong.
  [[nodiscard]] std::function<void(Submitted)> prepare(std::string_view workflow, Context input,
                                                       SubmitOptions const& options);
  [[nodiscard]] detail::RunOnWorker run_on_worker() const;

  std::shared_ptr<detail::Machine> machine_;
};

/// The parts of a runner, by name. Each setter returns the builder.
class DefaultRunner::Builder {
 public:
  Builder& database_url(std::string_view url);
  /// See `with_schema`.
  Builder& schema(std::string_view schema);
  Builder& config(DefaultRunnerConfig config);
  /// Instead of `Registry::global()`; copied when the runner is built.
  Builder& registry(Registry registry);
  Builder& environment(Environment environment);
  Builder& observer(std::shared_ptr<Observer> observer);
  /// Throws what the constructor of `DefaultRunner` throws.
  [[nodiscard]] DefaultRunner build();

 private:
  std::string url_;
  std::optional<std::string> schema_;
  DefaultRunnerConfig config_;
  std::optional<Registry> registry_;
  std::optional<Environment> environment_;
  std::shared_ptr<Observer> observer_;
};

}  // namespace cloacina
