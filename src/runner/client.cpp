#include <cloacina/client.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <cloacina/environment.hpp>
#include <cloacina/error.hpp>
#include <cloacina/runner_config.hpp>

#include "backend/database.hpp"
#include "dal/workflow_definitions.hpp"
#include "dal/workflow_executions.hpp"
#include "engine/refusals.hpp"
#include "runner/log_watch.hpp"
#include "runner/queries.hpp"
#include "runner/submission.hpp"

namespace cloacina {
namespace {

using namespace std::chrono_literals;

// A client's calls block; beyond this the caller hears what the database says.
constexpr auto patience = 30s;

}  // namespace

struct Client::Impl {
  Registry::Snapshot workflows;
  Environment environment = Environment::system();
  std::unique_ptr<backend::Database> database;
  std::mutex mutex;  // one writer session, one call at a time
  std::unique_ptr<backend::Session> session;
  detail::LogWatch log;
  std::set<std::string, std::less<>>
      described;  // workflows whose definition this client has stored

  /// So that an execution can be cancelled and shown before a runner has ever known its workflow.
  void describe(backend::Session& writer, std::string_view name) {
    if (described.contains(name)) return;
    auto const& workflow = workflows->find(name)->second;
    dal::store_definitions(writer, {{workflow.name(), workflow.version(), workflow.to_json()}});
    described.insert(workflow.name());
  }

  /// There may be no runner that would do it.
  void tidy_log() noexcept try {
    if (log.due(database->log_bytes())) database->checkpoint(false);
  } catch (...) {
    // What was written is stored; the next call tries again.
  }

  /// Repeats `write` while the database is busy or its answer was lost: with the same ids that is
  /// harmless (R19).
  template <class Write>
  auto with_session(Write&& write) {
    std::lock_guard lock{mutex};
    auto const give_up = std::chrono::steady_clock::now() + patience;
    for (auto pause = 5ms;; pause = std::min<std::chrono::milliseconds>(pause * 2, 500ms)) {
      try {
        if (!session) session = database->open_writer();
        auto result = write(*session);
        tidy_log();
        return result;
      } catch (backend::SessionError const& error) {
        if (error.failure() != backend::Failure::again) session.reset();
        if (error.failure() == backend::Failure::data || std::chrono::steady_clock::now() > give_up)
          throw;
      }
      std::this_thread::sleep_for(pause);
    }
  }
};

Client::Client(std::string_view database_url, Registry registry) : impl_(std::make_unique<Impl>()) {
  impl_->workflows = registry.snapshot();
  impl_->database = backend::Database::open(DatabaseUrl::parse(database_url));
}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

ExecutionId Client::submit(std::string_view workflow, Context input, SubmitOptions const& options) {
  std::vector<Context> one;
  one.push_back(std::move(input));
  return submit_many(workflow, std::move(one), options).front();
}

std::vector<ExecutionId> Client::submit_many(std::string_view workflow, std::vector<Context> inputs,
                                             SubmitOptions const& options) {
  detail::check_key_stands_for_one(options, inputs.size());
  std::vector<engine::Submission> submissions;
  for (auto& input : inputs) {
    submissions.push_back(detail::make_submission(impl_->workflows, impl_->environment, workflow,
                                                  std::move(input), options,
                                                  DefaultRunnerConfig{}.max_context_bytes));
  }
  auto const now = impl_->environment.now();
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
  auto ids = impl_->with_session([&](backend::Session& session) {
    impl_->describe(session, workflow);
    return dal::insert_unowned(*impl_->database, session, rows);
  });
  if (!options.idempotency_key.empty() && !ids.empty() && ids.front() != submissions.front().id) {
    detail::check_same_input(detail::find_execution(*impl_->database, ids.front()),
                             submissions.front().input, options.idempotency_key);
  }
  return ids;
}

WorkflowStatus Client::status(ExecutionId id) const {
  return detail::find_execution(*impl_->database, id).status;
}
ExecutionResult Client::result(ExecutionId id) const {
  return detail::read_result(*impl_->database, id);
}
std::vector<ExecutionInfo> Client::list(ListOptions const& options) const {
  return detail::list_executions(*impl_->database, options);
}

void Client::cancel(ExecutionId id, std::string_view reason) {
  auto const text = detail::cancel_text(reason);
  bool const done = impl_->with_session([&](backend::Session& session) {
    return dal::cancel_unowned(session, id, text, impl_->environment.now());
  });
  if (done) return;
  auto const row = detail::find_execution(*impl_->database, id);
  detail::throw_not_cancellable(row);
}

}  // namespace cloacina
