#include <cloacina/client.hpp>

#include <unistd.h>

#include <set>
#include <string>
#include <utility>

#include <cloacina/environment.hpp>
#include <cloacina/error.hpp>
#include <cloacina/runner_config.hpp>

#include "backend/database.hpp"
#include "dal/workflow_definitions.hpp"
#include "dal/workflow_executions.hpp"
#include "engine/refusals.hpp"
#include "runner/client_session.hpp"
#include "runner/queries.hpp"
#include "runner/schedule_book.hpp"
#include "runner/submission.hpp"

namespace cloacina {

using namespace std::chrono_literals;

struct Client::Impl {
  Impl(std::string_view url, Registry const& registry)
      : workflows(registry.snapshot()),
        database(backend::Database::open(DatabaseUrl::parse(url))) {}

  Registry::Snapshot workflows;
  Environment environment = Environment::system();
  std::unique_ptr<backend::Database> database;
  detail::ClientSession session{*database, environment};
  detail::ScheduleBook schedules{{.database = *database,
                                  .session = session,
                                  .environment = environment,
                                  .workflows = [this] { return workflows; },
                                  .max_context_bytes = DefaultRunnerConfig{}.max_context_bytes,
                                  .check_writable = [] {},
                                  .changed = [] {}}};
  pid_t process = ::getpid();
  std::set<std::string, std::less<>>
      described;  // workflows whose definition this client has stored

  /// In the child of a fork the connections are the parent's: they may not be used, nor closed.
  [[nodiscard]] bool is_forked() const noexcept { return ::getpid() != process; }
  Impl& here() {
    if (is_forked())
      throw StateError{
          "this process was forked from the one that made the client; start a program of its own "
          "(fork and exec), or fork before the client is made"};
    return *this;
  }

  /// So that an execution can be cancelled and shown before a runner has ever known its workflow.
  void describe(backend::Session& writer, Workflow const& workflow) {
    if (described.contains(workflow.name())) return;
    dal::store_definitions(writer, {{workflow.name(), workflow.version(), workflow.to_json()}});
    described.insert(workflow.name());
  }
};

Client::Client(std::string_view database_url, Registry registry)
    : impl_(std::make_unique<Impl>(database_url, registry)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() {
  if (impl_ && impl_->is_forked()) (void)impl_.release();
}

ExecutionId Client::submit(std::string_view workflow, Context input, SubmitOptions const& options) {
  std::vector<Context> one;
  one.push_back(std::move(input));
  return submit_many(workflow, std::move(one), options).front();
}

std::vector<ExecutionId> Client::submit_many(std::string_view workflow, std::vector<Context> inputs,
                                             SubmitOptions const& options) {
  auto& here = impl_->here();
  auto const& definition = detail::find_workflow(here.workflows, workflow);
  detail::check_key_stands_for_one(options, inputs.size());
  if (inputs.empty()) return {};
  std::vector<engine::Submission> submissions;
  for (auto& input : inputs) {
    submissions.push_back(detail::make_submission(here.workflows, here.environment, workflow,
                                                  std::move(input), options,
                                                  DefaultRunnerConfig{}.max_context_bytes));
  }
  auto const now = here.environment.now();
  std::vector<dal::ExecutionInsert> rows;
  for (auto const& submission : submissions) {
    auto& row = rows.emplace_back();
    row.id = submission.id;
    row.workflow = submission.workflow->name;
    row.version = submission.workflow->version;
    row.owned = false;
    row.priority = submission.priority;
    row.input = submission.input_text;
    row.idempotency_key = submission.idempotency_key;
    row.created_at = now;
    if (submission.start_after > 0ms) row.start_after = now + submission.start_after;
  }
  auto ids = here.session.write([&](backend::Session& session) {
    here.describe(session, definition);
    return dal::insert_unowned(*here.database, session, rows);
  });
  if (!options.idempotency_key.empty() && !ids.empty() && ids.front() != submissions.front().id) {
    detail::check_same_input(detail::find_execution(*here.database, ids.front()),
                             submissions.front().input, options.idempotency_key);
  }
  return ids;
}

WorkflowStatus Client::status(ExecutionId id) const {
  return detail::find_execution(*impl_->here().database, id).status;
}
ExecutionResult Client::result(ExecutionId id) const {
  return detail::read_result(*impl_->here().database, id);
}
std::vector<TaskResult> Client::tasks(ExecutionId id) const {
  return detail::read_tasks(*impl_->here().database, id);
}
std::vector<ExecutionInfo> Client::list(ListOptions const& options) const {
  return detail::list_executions(*impl_->here().database, options);
}

std::vector<RunnerInfo> Client::runners() const {
  return detail::list_runners(*impl_->here().database);
}

detail::ScheduleBook& Client::schedule_book() const { return impl_->here().schedules; }

void Client::cancel(ExecutionId id, std::string_view reason) {
  impl_->here().session.cancel(id, reason);
}

}  // namespace cloacina
