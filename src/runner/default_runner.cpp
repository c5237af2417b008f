#include <cloacina/runner.hpp>

#include <utility>

#include <cloacina/error.hpp>

#include "runner/machine.hpp"
#include "runner/submission.hpp"

namespace cloacina {

using detail::Machine;
using engine::Acceptance;
using engine::Completion;

namespace {

std::shared_ptr<Machine> start(std::string_view url, std::optional<std::string> schema,
                               DefaultRunnerConfig config, Registry const& registry,
                               Environment environment, std::shared_ptr<Observer> observer) {
  return std::make_shared<Machine>(Machine::Parts{.database_url = std::string{url},
                                                  .schema = std::move(schema),
                                                  .config = std::move(config),
                                                  .workflows = registry.snapshot(),
                                                  .crons = registry.crons(),
                                                  .triggers = registry.triggers(),
                                                  .environment = std::move(environment),
                                                  .observer = std::move(observer)});
}

}  // namespace

DefaultRunner::DefaultRunner(std::string_view database_url, DefaultRunnerConfig config)
    : machine_(start(database_url, std::nullopt, std::move(config), Registry::global(),
                     Environment::system(), nullptr)) {}
DefaultRunner::DefaultRunner(std::shared_ptr<Machine> machine) noexcept
    : machine_(std::move(machine)) {}
DefaultRunner::DefaultRunner(DefaultRunner&&) noexcept = default;
DefaultRunner& DefaultRunner::operator=(DefaultRunner&& other) noexcept {
  if (this != &other) {
    if (machine_) machine_->shutdown(std::chrono::seconds{5});
    machine_ = std::move(other.machine_);
  }
  return *this;
}
DefaultRunner::~DefaultRunner() {
  // Handles may keep a lock on the machine for a moment: it ends here, not with the last of them.
  if (machine_) machine_->shutdown(std::chrono::seconds{5});
}

DefaultRunner::Builder DefaultRunner::builder() { return {}; }
DefaultRunner DefaultRunner::with_schema(std::string_view database_url, std::string_view schema,
                                         DefaultRunnerConfig config) {
  return builder().database_url(database_url).schema(schema).config(std::move(config)).build();
}

ExecutionResult DefaultRunner::execute(std::string_view workflow, Context input,
                                       SubmitOptions const& options) {
  machine_->check_may_wait();
  auto submission = machine_->make_submission(workflow, std::move(input), options);
  auto const completion = submission.completion = std::make_shared<Completion>(submission.id);
  std::vector<engine::Submission> one;
  one.push_back(std::move(submission));
  machine_->submit(std::move(one));
  (void)machine_->wait(completion->signal(), std::nullopt);
  return completion->result();
}

ExecutionHandle DefaultRunner::submit(std::string_view workflow, Context input,
                                      SubmitOptions const& options) {
  std::vector<Context> one;
  one.push_back(std::move(input));
  return std::move(submit_many(workflow, std::move(one), options).front());
}

std::vector<ExecutionHandle> DefaultRunner::submit_many(std::string_view workflow,
                                                        std::vector<Context> inputs,
                                                        SubmitOptions const& options) {
  machine_->check_may_wait();
  detail::check_key_stands_for_one(options, inputs.size());
  machine_->check_workflow(workflow);  // also for no inputs at all
  auto const acceptance = std::make_shared<Acceptance>(inputs.size());
  std::vector<ExecutionHandle> handles;
  std::vector<engine::Submission> submissions;
  handles.reserve(inputs.size());
  submissions.reserve(inputs.size());
  for (auto& input : inputs) {
    auto& submission =
        submissions.emplace_back(machine_->make_submission(workflow, std::move(input), options));
    submission.completion = std::make_shared<Completion>(submission.id);
    submission.acceptance = acceptance;
    handles.emplace_back(submission.completion, machine_);
  }
  machine_->submit(std::move(submissions));
  machine_->wait_accepted(*acceptance);
  return handles;
}

std::function<void(DefaultRunner::Submitted)> DefaultRunner::prepare(
    std::string_view workflow, Context input, SubmitOptions const& options) try {
  machine_->check_not_forked();
  auto const submission = std::make_shared<engine::Submission const>(
      machine_->make_submission(workflow, std::move(input), options));
  // A deferred operation may be copied and started several times: each is an execution of its own.
  return [submission, machine = machine_](Submitted done) {
    std::vector<engine::Submission> one{*submission};
    one.front().id = machine->new_id();
    auto const completion = one.front().completion = std::make_shared<Completion>(one.front().id);
    auto const acceptance = one.front().acceptance = std::make_shared<Acceptance>(1);
    ExecutionHandle const handle{completion, machine};
    try {
      machine->submit(std::move(one));
    } catch (...) {
      return done(std::current_exception(), ExecutionHandle{});
    }
    acceptance->signal().when_set([handle, done = std::move(done), acceptance] {
      auto const error = acceptance->error();
      done(error, error ? ExecutionHandle{} : handle);
    });
  };
} catch (...) {
  return [error = std::current_exception()](Submitted const& done) { done(error, {}); };
}

detail::RunOnWorker DefaultRunner::run_on_worker() const {
  return detail::run_on_worker_of(machine_);
}

WorkflowStatus DefaultRunner::status(ExecutionId id) const { return machine_->status(id); }
ExecutionResult DefaultRunner::result(ExecutionId id) const { return machine_->result(id); }
std::vector<TaskResult> DefaultRunner::tasks(ExecutionId id) const { return machine_->tasks(id); }
ExecutionHandle DefaultRunner::handle(ExecutionId id) const {
  return {machine_->watch(id), machine_};
}
std::vector<ExecutionInfo> DefaultRunner::list(ListOptions const& options) const {
  return machine_->list(options);
}
std::vector<RunnerInfo> DefaultRunner::runners() const { return machine_->runners(); }
void DefaultRunner::cancel(ExecutionId id, std::string_view reason) {
  machine_->cancel(id, reason);
}
std::vector<std::string> DefaultRunner::workflows() const { return machine_->workflow_names(); }
void DefaultRunner::add_workflow(Workflow workflow) { machine_->add_workflow(std::move(workflow)); }
void DefaultRunner::add_trigger(TriggerDefinition trigger) {
  machine_->add_trigger(std::move(trigger));
}
detail::ScheduleBook& DefaultRunner::schedule_book() const { return machine_->schedule_book(); }
void DefaultRunner::shutdown(WaitTime timeout) noexcept {
  if (machine_) machine_->shutdown(timeout);
}

// ---- builder
// -------------------------------------------------------------------------------------------------------

DefaultRunner::Builder& DefaultRunner::Builder::database_url(std::string_view url) {
  url_ = url;
  return *this;
}
DefaultRunner::Builder& DefaultRunner::Builder::schema(std::string_view schema) {
  schema_ = schema;
  return *this;
}
DefaultRunner::Builder& DefaultRunner::Builder::config(DefaultRunnerConfig config) {
  config_ = std::move(config);
  return *this;
}
DefaultRunner::Builder& DefaultRunner::Builder::registry(Registry registry) {
  registry_ = std::move(registry);
  return *this;
}
DefaultRunner::Builder& DefaultRunner::Builder::environment(Environment environment) {
  environment_ = std::move(environment);
  return *this;
}
DefaultRunner::Builder& DefaultRunner::Builder::observer(std::shared_ptr<Observer> observer) {
  observer_ = std::move(observer);
  return *this;
}
DefaultRunner DefaultRunner::Builder::build() {
  if (url_.empty())
    throw ConfigurationError{"no database URL; give one, such as sqlite://workflows.db",
                             "database_url"};
  return DefaultRunner{start(url_, schema_, config_, registry_ ? *registry_ : Registry::global(),
                             environment_ ? *environment_ : Environment::system(), observer_)};
}

}  // namespace cloacina
