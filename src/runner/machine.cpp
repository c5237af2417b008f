#include "runner/machine.hpp"

#include <unistd.h>

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include <cloacina/error.hpp>
#include <cloacina/version.hpp>

#include "backend/database.hpp"
#include "core/sabotage.hpp"
#include "engine/conducted_bodies.hpp"
#include "engine/known_workflows.hpp"
#include "engine/log.hpp"
#include "engine/loop.hpp"
#include "engine/refusals.hpp"
#include "engine/thread_name.hpp"
#include "engine/thread_role.hpp"
#include "engine/threaded_bodies.hpp"
#include "engine/user_call.hpp"
#include "runner/check_config.hpp"
#include "runner/checkpointer.hpp"
#include "runner/client_session.hpp"
#include "runner/queries.hpp"
#include "runner/submission.hpp"
#include "runner/trigger_book.hpp"

namespace cloacina::detail {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using engine::ThreadRole;

// How long a shutdown waits after its timeout: for bodies that were just asked to stop, and for the
// last transaction.
constexpr auto grace = 150ms;

constexpr int most_enrolments = 3;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

engine::Committer::Settings committer_settings(Machine::Parts const& parts) {
  engine::Committer::Settings settings;
  settings.row.name = parts.config.runner_name;
  settings.row.host = host_name();
  settings.row.pid = ::getpid();
  settings.row.library_version = version;
  for (auto const& [name, workflow] : *parts.workflows)
    settings.definitions.push_back({name, workflow.version(), workflow.to_json()});
  settings.row.workflows = engine::KnownWorkflows{parts.workflows}.json();
  settings.lease = parts.config.lease;
  settings.max_crashes = parts.config.max_crashes;
  return settings;
}

backend::OpenOptions options_from(DefaultRunnerConfig const& config) {
  backend::OpenOptions options;
  options.max_readers = config.db_pool_size;
  options.max_writers = config.db_pool_size;
  options.longest_statement = config.lease / 2;  // R1: it ends while the lease holds
  return options;
}

std::shared_ptr<backend::Database> open_database(Machine::Parts const& parts) {
  auto options = options_from(parts.config);
  options.fault = parts.fault;
  options.server = parts.server;
  if (parts.environment.conductor) {
    options.lease_clock = [monotonic = parts.environment.monotonic] {
      return std::chrono::duration_cast<std::chrono::microseconds>(monotonic());
    };
  }
  auto url = DatabaseUrl::parse(parts.database_url);
  if (parts.schema) url.set_schema(*parts.schema);
  return backend::Database::open(url, std::move(options));
}

[[noreturn]] void throw_would_deadlock(std::string_view where) {
  throw StateError{
      "a blocking call in " + std::string{where} +
      " would wait for itself; use the asynchronous form, or call it from another thread"};
}

[[noreturn]] void throw_forked() {
  throw StateError{
      "this process was forked from the one that made the runner; start a program of its own (fork "
      "and exec), or fork before the runner is made"};
}

[[noreturn]] void throw_shut_down() {
  throw RunnerStopped{"the runner is shut down; construct another one"};
}

}  // namespace

struct Machine::Core {
  explicit Core(Parts&& given)
      : environment(given.environment),
        config(given.config),
        workflows(given.workflows),
        database(open_database(given)),
        committer(committer_settings(given), environment, *database) {
    engine::BodySettings const bodies_settings{config.task_timeout, config.max_context_bytes};
    if (config.enable_cron_scheduling && !given.crons.empty())
      (void)schedules.register_all(given.crons);
    if (!config.enable_trigger_scheduling) given.triggers.clear();
    if (!given.triggers.empty()) TriggerBook{schedules.parts()}.register_all(given.triggers);
    enroll();
    if (environment.conductor) {
      bodies = std::make_unique<engine::ConductedBodies>(bodies_settings, environment, inbox);
    } else {
      auto threaded = std::make_unique<engine::ThreadedBodies>(
          given.crew, config.max_concurrent_tasks, config.max_concurrent_async_tasks,
          bodies_settings, environment, inbox);
      threads = threaded.get();
      bodies = std::move(threaded);
    }
    checkpointer = std::make_unique<Checkpointer>(database, environment, inbox);
    if (given.observer)
      observations = std::make_unique<engine::Observations>(given.observer, environment, inbox);
    loop = std::make_unique<engine::Loop>(engine::Loop::Parts{
        .environment = environment,
        .config = config,
        .workflows = workflows,
        .triggers = std::move(given.triggers),
        .database = *database,
        .committer = committer,
        .inbox = inbox,
        .bodies = *bodies,
        .observations = observations.get(),
        .committed = [checkpoint = checkpointer.get()] { checkpoint->committed(); }});
    loop->on_drained([this] {
      drained.set();
      enough.set();
    });
    database->on_change([here = loop.get()] { here->hint(); });
  }
  ~Core() { database->on_change({}); }
  Core(Core const&) = delete;
  Core& operator=(Core const&) = delete;

  /// The first transaction: what it meets, the constructor's caller has to understand.
  void enroll() {
    for (int tries = 1;; ++tries) try {
        return committer.enroll();
      } catch (backend::SessionError const& error) {
        if (error.failure() == backend::Failure::damaged)
          throw BackendError{"database '" + database->display_name() + "': " + error.what(),
                             error.sqlstate(), database->display_name()};
        // A connection may be lost at any moment; under a new one it is another try.
        bool const lost = error.failure() == backend::Failure::broken ||
                          error.failure() == backend::Failure::unknown;
        if (!lost || !database->is_remote() || tries == most_enrolments) throw;
        committer.session_failed(error);
      }
  }

  /// What can be submitted now.
  [[nodiscard]] Registry::Snapshot submittable() const {
    std::lock_guard const lock{mutex};
    return current;
  }

  Environment environment;
  DefaultRunnerConfig config;
  Registry::Snapshot workflows;  // the first ones: keeps the libraries that they come from
  mutable std::mutex mutex;      // guards what follows
  Registry::Snapshot current = workflows;
  std::shared_ptr<backend::Database> database;
  ClientSession outside{*database, environment};  // for callers, beside the engine
  std::shared_ptr<engine::Inbox> inbox = std::make_shared<engine::Inbox>();
  engine::Committer committer;
  std::unique_ptr<engine::Bodies> bodies;
  engine::ThreadedBodies* threads = nullptr;
  std::unique_ptr<Checkpointer> checkpointer;
  std::unique_ptr<engine::Observations> observations;
  std::unique_ptr<engine::Loop> loop;
  ScheduleBook schedules{{.database = *database,
                          .session = outside,
                          .environment = environment,
                          .workflows = [this] { return submittable(); },
                          .max_context_bytes = config.max_context_bytes,
                          .check_writable =
                              [this] {
                                if (!accepting.load()) throw_shut_down();
                              },
                          .changed =
                              [this] {
                                if (loop) loop->look_soon();
                              }}};
  engine::Signal drained;
  engine::Signal enough;  // drained, or somebody who shuts down too waits no longer
  engine::Signal ended;
  engine::Signal over;  // ended, or somebody who shuts down too waits no longer
  std::atomic<bool> accepting{true};
};

Machine::Machine(Parts parts) : process_(::getpid()) {
  engine::open_log();
  check_config(parts.config);
  core_ = std::make_shared<Core>(std::move(parts));
  if (auto const& conductor = core_->environment.conductor) {
    conductor->add_engine(
        core_.get(),
        [core = core_.get()] {
          if (core->loop->step(0ns)) return true;
          core->ended.set();
          core->over.set();
          return false;
        },
        [core = core_.get()] { return core->loop->next_turn(); });
    return;
  }
  engine_thread_ = std::thread{[core = core_] {
    ThreadRole const role{ThreadRole::engine, core->inbox.get()};
    engine::name_thread("cloacina-engine");
    while (core->loop->step(1h)) {}
    core->ended.set();
    core->over.set();
  }};
}

Machine::~Machine() { shutdown(5s); }

engine::Submission Machine::make_submission(std::string_view workflow, Context input,
                                            SubmitOptions const& options) {
  return detail::make_submission(core_->submittable(), core_->environment, workflow,
                                 std::move(input), options, core_->config.max_context_bytes);
}

void Machine::check_workflow(std::string_view name) const {
  (void)find_workflow(core_->submittable(), name);
}

ExecutionId Machine::new_id() const { return core_->environment.new_id(); }

void Machine::check_not_forked() const {
  if (is_forked()) throw_forked();
}

void Machine::push(engine::Request&& request) {
  check_not_forked();
  if (!core_->accepting.load() || !core_->inbox->push(std::move(request))) throw_shut_down();
}

void Machine::submit(std::vector<engine::Submission>&& submissions) {
  if (submissions.size() == 1) return push(engine::Request{std::move(submissions.front())});
  check_not_forked();
  std::vector<engine::Request> requests;
  requests.reserve(submissions.size());
  for (auto& submission : submissions) requests.emplace_back(std::move(submission));
  if (!core_->accepting.load() || !core_->inbox->push(std::move(requests))) throw_shut_down();
}

void Machine::wait_accepted(engine::Acceptance& acceptance) {
  (void)wait(acceptance.signal(), std::nullopt);
  if (auto const error = acceptance.error()) std::rethrow_exception(error);
}

void Machine::check_may_wait() const {
  check_not_forked();
  switch (ThreadRole::current(core_->inbox.get())) {
    case ThreadRole::caller:
    case ThreadRole::worker:
      return;
    case ThreadRole::io:
      throw_would_deadlock("a coroutine body");
    case ThreadRole::callback:
      throw_would_deadlock("a callback");
    case ThreadRole::stop_callback:
      throw_would_deadlock("a stop callback");
    case ThreadRole::observer:
      throw_would_deadlock("an observer");
    case ThreadRole::engine:
    case ThreadRole::helper:
      throw_would_deadlock("a log sink on a thread of the library");
  }
}

bool Machine::wait(engine::Signal& signal, std::optional<std::chrono::nanoseconds> timeout) {
  check_not_forked();
  if (signal.is_set()) return true;
  check_may_wait();
  auto const lent = engine::WorkerPool::lend_slot_of_this_thread();
  return signal.wait(core_->environment, timeout);
}

bool Machine::is_own_thread() const {
  return ThreadRole::current(core_->inbox.get()) != ThreadRole::caller;
}

backend::Database& Machine::database() const {
  check_not_forked();
  return *core_->database;
}

WorkflowStatus Machine::status(ExecutionId id) { return find_execution(database(), id).status; }

ExecutionResult Machine::result(ExecutionId id) { return read_result(database(), id); }

std::vector<TaskResult> Machine::tasks(ExecutionId id) { return read_tasks(database(), id); }

std::vector<ExecutionInfo> Machine::list(ListOptions const& options) {
  return list_executions(database(), options);
}

std::vector<RunnerInfo> Machine::runners() { return list_runners(database()); }

std::shared_ptr<engine::Completion> Machine::watch(ExecutionId id) {
  (void)find_execution(database(), id);
  auto completion = std::make_shared<engine::Completion>(id);
  push(engine::WatchRequest{completion});
  return completion;
}

void Machine::cancel(ExecutionId id, std::string_view reason) {
  check_may_wait();
  auto answer = std::make_shared<engine::Acceptance>(1);
  push(engine::CancelRequest{id, cancel_text(reason), answer});
  try {
    wait_accepted(*answer);
  } catch (engine::Elsewhere const&) {
    auto const lent = engine::WorkerPool::lend_slot_of_this_thread();
    core_->outside.cancel(id, reason);
  }
}

ScheduleBook& Machine::schedule_book() const {
  check_not_forked();
  return core_->schedules;
}

std::vector<std::string> Machine::workflow_names() const {
  std::vector<std::string> names;
  for (auto const& [name, workflow] : *core_->submittable()) names.push_back(name);
  return names;
}

// The engine hears of it before it can be given an execution of it.
void Machine::add_workflow(Workflow workflow) {
  check_not_forked();
  std::lock_guard const lock{core_->mutex};
  auto more = std::make_shared<std::map<std::string, Workflow, std::less<>>>(*core_->current);
  push(engine::Request{engine::LearnRequest{workflow}});
  more->insert_or_assign(workflow.name(), std::move(workflow));
  core_->current = std::move(more);
}

void Machine::add_trigger(TriggerDefinition trigger) {
  check_not_forked();
  if (!core_->config.enable_trigger_scheduling)
    throw StateError{"this runner polls no triggers: its enable_trigger_scheduling is false",
                     trigger.name};
  TriggerBook{core_->schedules.parts()}.register_all({trigger});
  push(engine::PollRequest{std::make_shared<TriggerDefinition const>(std::move(trigger))});
}

void Machine::run_on_worker(std::function<void()> work) {
  if (is_forked()) return work();  // the child has no other thread
  if (core_->accepting.load()) return core_->bodies->call(std::move(work));
  if (core_->environment.conductor) return work();  // everything runs on this one thread
  engine::call_aside({std::move(work)});
}

std::shared_ptr<backend::SharedServer> share_server(DatabaseUrl const& url,
                                                    DefaultRunnerConfig const& config) {
  return backend::share_server(url, options_from(config));
}

RunOnWorker run_on_worker_of(std::weak_ptr<Machine> machine) {
  return [weak = std::move(machine)](std::function<void()> work) {
    if (auto const alive = weak.lock()) return alive->run_on_worker(std::move(work));
    engine::call_aside({std::move(work)});
  };
}

void Machine::shutdown(WaitTime timeout) noexcept try {
  if (is_forked()) return let_go();
  if (shutting_down_.exchange(true)) return join_shutdown(timeout);
  shut_down_now(timeout);
  ended_.set();
} catch (std::exception const& error) {
  engine::log_error(std::string{"cloacina: shutdown: "} + error.what());
  leave_engine_thread();
  ended_.set();
} catch (...) {
  engine::log_error("cloacina: shutdown failed");
  leave_engine_thread();
  ended_.set();
}

// Somebody else is at it, and may have more patience than this caller; or waits for this very
// thread.
void Machine::join_shutdown(WaitTime timeout) {
  if (is_own_thread() || ended_.wait(core_->environment, timeout.value())) return;
  core_->enough.set();
  core_->over.set();
  ended_.wait(core_->environment, 3 * grace);
}

bool Machine::is_forked() const noexcept {
  static bool const unchecked = is_sabotaged("no_fork_check");  // for the trial process_life
  return ::getpid() != process_ && !unchecked;
}

// In the child of a fork the threads do not exist and the connections are the parent's: nothing of
// it may be touched, nor destroyed.
void Machine::let_go() {
  if (!engine_thread_.joinable()) return;
  leave_engine_thread();
  new std::shared_ptr<Core>{core_};
}

void Machine::leave_engine_thread() {
  if (!engine_thread_.joinable()) return;
  if (!is_forked()) return engine_thread_.detach();
  // What it calls the thread may be one of the child's own by now, or none.
  new std::thread{std::move(engine_thread_)};
}

void Machine::shut_down_now(WaitTime timeout) {
  auto& core = *core_;
  bool const own_thread = is_own_thread();
  auto const give_up_at = core.environment.monotonic() + timeout.value();
  core.inbox->push(engine::Request{engine::DrainRequest{}});
  if (!own_thread) core.enough.wait(core.environment, timeout.value());
  if (!core.drained.is_set()) {
    core.inbox->push(engine::Request{engine::StopRequest{}});
    core.bodies->close();
    if (!own_thread) core.drained.wait(core.environment, grace);
  }
  core.inbox->push(engine::Request{engine::ReleaseRequest{}});
  // What is left of the timeout is for the last transaction, which may have much to give back.
  if (!own_thread) core.over.wait(core.environment, give_up_at - core.environment.monotonic());
  bool ended = core.ended.wait(core.environment, grace);
  if (!ended) {
    core.committer.give_up();
    ended = core.ended.wait(core.environment, grace);
  }
  if (!ended) core.loop->end_soon();
  core.accepting.store(false);
  if (core.environment.conductor) return core.environment.conductor->remove_engine(core_.get());
  if (ended) {
    if (core.threads) core.threads->shut_down(Clock::now() + (own_thread ? 0ms : 50ms));
    engine_thread_.join();
  } else {
    // The database does not answer, or has much to give back: the thread ends with its call, and
    // keeps what it needs until then.
    engine::log_warning(
        "cloacina: the engine's thread is still in a call of the database and is left behind; what "
        "it does not give back others take over after the lease");
    auto const error = std::make_exception_ptr(
        RunnerStopped{"the runner was shut down during a call of the database"});
    for (auto& request : core.inbox->close()) engine::decline(std::move(request), error);
    if (core.threads) core.threads->shut_down(Clock::now());
    engine_thread_.detach();
  }
}

}  // namespace cloacina::detail
