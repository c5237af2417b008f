#include "engine/loop.hpp"

#include <algorithm>
#include <utility>

#include <cloacina/error.hpp>

#include "dal/workflow_executions.hpp"
#include "engine/refusals.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

template <class Throws>
std::exception_ptr caught(Throws&& throws) {
  try {
    throws();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace

Loop::Loop(Parts parts)
    : environment_(std::move(parts.environment)),
      config_(std::move(parts.config)),
      database_(parts.database),
      committer_(parts.committer),
      inbox_(std::move(parts.inbox)),
      bodies_(parts.bodies),
      observations_(parts.observations),
      committed_(std::move(parts.committed)),
      known_(parts.workflows),
      scheduler_(config_, environment_, known_),
      triggers_(config_, environment_, known_) {
  for (auto& trigger : parts.triggers)
    triggers_.add(std::make_shared<TriggerDefinition const>(std::move(trigger)));
  plan_settings_.workflow_timeout = config_.workflow_timeout;
  plan_settings_.random = environment_.random;
  plan_settings_.max_crashes = config_.max_crashes;
  bodies_.set_lease_end(committer_.lease_end());
}

bool Loop::step(std::chrono::nanoseconds longest_wait) {
  if (stopped_) return false;
  if (!environment_.conductor && !inbox_->has_messages()) {
    auto const wait = std::min(longest_wait, next_turn() - environment_.monotonic());
    if (wait > 0ns) inbox_->wait(std::chrono::steady_clock::now() + wait);
  }
  heed_end();
  now_ = environment_.now();
  mono_ = environment_.monotonic();
  measure_pace();
  inbox_->drain(finished_, requests_);
  for (auto& request : requests_)
    std::visit([this](auto&& r) { on_request(std::move(r)); }, std::move(request));
  for (auto& finished : finished_) on_finished(std::move(finished));
  on_time();
  if (!draining_) listen();
  if (!draining_) fire_schedules();
  if (!draining_ && !alone_) poll_triggers();
  store_polls();
  queue_lazy_markers();
  commit_and_release();
  serve_held();
  if (committer_.take_reconcile_wanted() && !release_wanted_) reconcile();
  check_drained();
  if (committer_.damage() && !stopped_) stop_at_damage(*committer_.damage());
  if (!outgrown_.empty() && !stopped_)
    give_back_everything(std::make_exception_ptr(RunnerStopped{outgrown_}));
  if (release_wanted_ && !stopped_) give_back_everything();
  return !stopped_;
}

void Loop::heed_end() noexcept {
  if (!must_end_.load()) return;
  draining_ = true;
  release_wanted_ = true;
}

std::chrono::nanoseconds Loop::next_turn() {
  auto const mono = environment_.monotonic();
  auto next = committer_.next_renewal();
  if (!draining_) next = std::min({next, next_look_, next_listen_});
  auto const at = [&](Instant due) {
    return std::chrono::nanoseconds{mono + (due - environment_.now())};
  };
  if (auto const due = scheduler_.next_due(); due && !draining_)
    next = std::min(next, std::max(at(*due), scheduler_.not_before()));
  if (!draining_ && !alone_) next = std::min(next, triggers_.next_turn());
  if (auto const due = due_.earliest()) next = std::min(next, at(*due));
  if (!markers_.empty()) next = std::min(next, markers_.front().due);
  if (!dirty_.empty() || !releases_.empty() || inbox_->has_messages()) next = mono;
  return next;
}

void Loop::on_finished(FinishedTask&& finished) {
  --bodies_out_;
  bool const is_poll = finished.execution.generation == poll_generation;
  if (!is_poll) ++ended_in_moment_;
  if (finished.epoch != epoch_) return;
  if (is_poll) return triggers_.finished(std::move(finished), mono_, stopping_);
  auto* entry = table_.find(finished.execution);
  if (!entry) return;
  --entry->bodies;
  if (finished.not_started) return take_start_back(*entry, finished.task, finished.attempt);
  // It failed because this runner ends: the release makes it Ready again, with the attempt that it
  // had. Of one that must not run twice the failure is what is known.
  auto const& definition = entry->state.workflow->tasks[finished.task];
  if (stopping_ && !finished.succeeded && definition.execution == ExecutionMode::at_least_once)
    return;
  if (finished.succeeded) {
    decide(*entry, TaskSucceeded{finished.task, finished.attempt, std::move(finished.delta),
                                 std::move(finished.text)});
  } else {
    decide(*entry, TaskFailed{finished.task, finished.attempt, std::move(finished.text),
                              finished.retryable});
  }
}

void Loop::on_request(Submission&& submission) {
  if (draining_) {
    auto const error = std::make_exception_ptr(
        RunnerStopped{"the runner is shutting down and accepts no more executions"});
    return decline(Request{std::move(submission)}, error);
  }
  auto state =
      accept(submission.id, std::move(submission.workflow), std::move(submission.input), now_);
  state.priority = submission.priority;
  if (submission.start_after > 0ms) state.start_after = now_ + submission.start_after;
  auto& entry = table_.add(std::move(state));
  entry.insert = true;
  // What waits for its time takes no capacity, but memory: beyond the limit the table keeps it.
  entry.owned = submission.start_after > 0ms ? table_.size() <= config_.max_active_executions
                                             : free_capacity() > 0;
  entry.input_text = std::move(submission.input_text);
  entry.idempotency_key = std::move(submission.idempotency_key);
  entry.acceptance = std::move(submission.acceptance);
  if (submission.completion) entry.completions.push_back(std::move(submission.completion));
  mark_dirty(entry);
  releases_.push_back({.kind = Release::Kind::accepted, .execution = entry.ref()});
  if (!entry.owned) return;
  if (entry.idempotency_key.empty()) {
    decide(entry, Submitted{});
  } else {
    // Whether it is the first of its key is known after the commit; until then nothing of it may be
    // written.
    entry.busy = true;
    ++busy_;
    releases_.push_back({.kind = Release::Kind::run_fresh, .execution = entry.ref()});
  }
}

void Loop::on_request(CancelRequest&& request) {
  if (auto* entry = table_.find(request.id)) {
    if (is_final(entry->state.status)) {
      return request.answer->refused(
          caught([&] { detail::throw_not_cancellable(request.id, entry->state.status); }));
    }
    if (entry->insert && !entry->idempotency_key.empty()) {
      // Whether this is the execution that stands for the key is known after the commit.
      return send_again(Request{std::move(request)});
    }
    entry->cancels.push_back(std::move(request.answer));
    entry->owned = true;  // one that was to be left for anybody is stored as Cancelled instead
    return decide(*entry, CancelRequested{std::move(request.reason)});
  }
  request.answer->refused(std::make_exception_ptr(Elsewhere{}));
}

// Stored with the next transaction, which comes before or with what is submitted of it.
void Loop::on_request(LearnRequest&& request) {
  if (draining_) return;
  auto const& workflow = request.workflow;
  dal::WorkflowDefinitionRow row{workflow.name(), workflow.version(), workflow.to_json()};
  learned_.push_back(row);
  known_.add(std::move(request.workflow));
  committer_.learn(std::move(row), known_.json());
  next_look_ = mono_;  // executions of it may be waiting
}

void Loop::on_request(PollRequest&& request) {
  triggers_.add(std::move(request.trigger));
  next_look_ = mono_;
}

void Loop::on_request(WatchRequest&& request) {
  if (auto* entry = table_.find(request.completion->id())) {
    entry->completions.push_back(std::move(request.completion));
    return;
  }
  auto const id = request.completion->id();
  watch(std::move(request.completion));
  ask_for(id);
}

void Loop::send_again(Request&& request) {
  if (inbox_->push(std::move(request))) return;
  // A closed inbox leaves the request as it was.
  decline(
      std::move(request),  // NOLINT(bugprone-use-after-move)
      std::make_exception_ptr(RunnerStopped{"the runner was shut down before this could be done"}));
}

void Loop::on_request(CallbackReturned&& returned) {
  if (returned.epoch != epoch_) return;
  auto* entry = table_.find(returned.execution);
  if (entry && --entry->callbacks == 0 && entry->finished) answer(*entry);
}

void Loop::on_request(DrainRequest&&) {
  if (draining_) return;
  draining_ = true;
  auto const taken = bodies_.take_back();
  bodies_out_ -= taken.size();
  for (auto const& ready : taken) {
    auto* entry = ready.epoch == epoch_ ? table_.find(ready.execution) : nullptr;
    if (!entry) continue;
    --entry->bodies;
    take_start_back(*entry, ready.task, ready.attempt);
  }
}

// The start of what must not run twice is stored before its body begins (R10). One that has not
// begun must not look as if its outcome were unknown.
void Loop::take_start_back(Entry& entry, TaskIndex index, std::uint32_t attempt) {
  auto& task = entry.state.tasks[index];
  if (task.status != TaskStatus::running || task.attempt != attempt ||
      entry.state.workflow->tasks[index].execution == ExecutionMode::at_least_once)
    return;
  task.status = TaskStatus::ready;
  task.started_at.reset();
  if (!task.dirty) entry.dirty_tasks.push_back(index);
  task.dirty = true;
  mark_dirty(entry);
}

void Loop::on_request(ReleaseRequest&&) {
  draining_ = true;
  release_wanted_ = true;
}

void Loop::on_time() {
  while (auto const slot = due_.pop_due(now_)) decide(table_.at(*slot), TimeDue{});
}

void Loop::decide(Entry& entry, Event&& event) {
  actions_.clear();
  plan(entry.state, std::move(event), now_, plan_settings_, actions_);
  for (auto const& action : actions_) note_action(entry, action);
  if (!actions_.empty() && observations_)
    for (auto const& action : actions_) observe(entry, action);
  due_.set(entry.slot, is_final(entry.state.status) ? std::nullopt : next_due(entry.state));
  if (!entry.state.held.empty() && !std::exchange(entry.held, true)) held_.push_back(entry.ref());
  update_capacity(entry);
}

void Loop::note_action(Entry& entry, Action const& action) {
  switch (action.kind) {
    case Action::Kind::write_task: {
      auto& task = entry.state.tasks[action.task];
      if (!task.dirty) entry.dirty_tasks.push_back(action.task);
      task.dirty = true;
      return mark_dirty(entry);
    }
    case Action::Kind::write_execution:
      entry.update = true;
      return mark_dirty(entry);
    case Action::Kind::start_task:
      ++entry.bodies;
      releases_.push_back({.kind = Release::Kind::start,
                           .execution = entry.ref(),
                           .task = action.task,
                           .attempt = entry.state.tasks[action.task].attempt});
      return;
    case Action::Kind::stop_task:
      entry.stopped->store(true);
      bodies_.stop_execution(entry.state.id);
      return;
    case Action::Kind::task_final: {
      auto const& definition = entry.state.workflow->tasks[action.task];
      auto const& task = entry.state.tasks[action.task];
      std::function<void()> callback;
      // The workflow is kept alive: a callback that does not return may outlive its runner.
      if (task.status == TaskStatus::completed && definition.on_success) {
        callback = [workflow = entry.state.workflow, &definition, context = task.context.values()] {
          definition.on_success(definition.id, context);
        };
      } else if (task.status == TaskStatus::failed && definition.on_failure) {
        callback = [workflow = entry.state.workflow, &definition, error = task.error,
                    context = task.context.values()] {
          definition.on_failure(definition.id, error, context);
        };
      }
      if (!callback) return;
      ++entry.callbacks;
      releases_.push_back({.kind = Release::Kind::task_final,
                           .execution = entry.ref(),
                           .task = action.task,
                           .callback = std::move(callback)});
      return;
    }
    case Action::Kind::finish:
      entry.stopped->store(true);
      releases_.push_back({.kind = Release::Kind::finish, .execution = entry.ref()});
      return;
  }
}

void Loop::mark_dirty(Entry& entry) {
  if (entry.queued) return;
  entry.queued = true;
  dirty_.push_back(&entry);
}

void Loop::update_capacity(Entry& entry) {
  auto const& state = entry.state;
  // What only waits takes no room (R3): not begun, or every unfinished task that could run waits
  // for its time.
  bool const busy =
      state.status == WorkflowStatus::running && (entry.bodies > 0 || state.waits.empty());
  if (busy == entry.busy) return;
  entry.busy = busy;
  busy ? ++busy_ : --busy_;
}

// In company nobody holds what others could begin: no more executions than bodies end here in a
// moment, beside those whose bodies hold no worker.
std::size_t Loop::free_capacity() const {
  auto most = config_.max_active_executions;
  if (others_alive_ > 0)
    most = std::min(most, std::max(2 * config_.max_concurrent_tasks, ended_per_moment_) +
                              bodies_.without_worker());
  return busy_ >= most ? 0 : most - busy_;
}

void Loop::measure_pace() {
  constexpr std::chrono::nanoseconds moment = 50ms;
  auto const moments = static_cast<std::size_t>((mono_ - moment_begun_) / moment);
  if (moments == 0) return;
  ended_per_moment_ = std::exchange(ended_in_moment_, 0) / moments;
  moment_begun_ = mono_;
}

void Loop::check_drained() {
  if (!draining_ || drained_.load() || bodies_out_ > 0) return;
  drained_.store(true);
  if (on_drained_) on_drained_();
}

}  // namespace cloacina::engine
