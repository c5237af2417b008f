#include "model_trial.hpp"

#include <algorithm>
#include <utility>

namespace cloacina::engine::test {
namespace {

using model::End;
using model::Fate;

Context to_context(std::map<std::string, Json> const& values) {
  Context context;
  for (auto const& [key, value] : values) context.put(key, value);
  return context;
}

detail::ContextDelta to_delta(model::Changes const& changes) {
  detail::ContextDelta delta;
  for (auto const& [key, value] : changes) {
    if (value) {
      delta.set.put(key, *value);
    } else {
      delta.removed.push_back(key);
    }
  }
  return delta;
}

Fate fate_of(TaskState const& task) {
  switch (task.status) {
    case TaskStatus::not_started:
      return Fate::not_started;
    case TaskStatus::ready:
    case TaskStatus::running:
    case TaskStatus::deferred:
      return Fate::active;
    case TaskStatus::completed:
      return Fate::completed;
    case TaskStatus::failed:
      return Fate::failed;
    case TaskStatus::skipped:
      return task.skipped_by_failure ? Fate::skipped_by_failure : Fate::skipped;
    case TaskStatus::cancelled:
      return Fate::cancelled;
  }
  return Fate::not_started;
}

/// The attempt that runs or runs next; of a final task the last one.
std::uint32_t expected_attempt(Fate fate, std::uint32_t failures) {
  return fate == Fate::failed ? failures : failures + 1;
}

void require(bool holds, std::string const& what) {
  if (!holds) throw Difference(what);
}

std::optional<std::string> unless_empty(std::string const& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

ModelTrial::ModelTrial(std::uint64_t seed, Coverage& coverage)
    : random_(seed),
      coverage_(coverage),
      made_(random_workflow(random_)),
      now_(std::chrono::seconds(1'700'000'000)) {
  settings_.random = [] { return 0.5; };
  settings_.max_crashes = 3;
  history_.attempts.resize(made_.model.tasks.size());
  recorded_ = history_;
  coverage_.tasks += made_.model.tasks.size();
}

void ModelTrial::run() {
  submit();
  do {
    while (!finished_) take_step();
    if (random_.percent(10)) lose_owner();  // before the end itself was stored
  } while (!finished_);
  commit();
  check_attempt_rows();
  load();  // a final execution, read from its rows, stands as it was
  check_tasks();
  check_nothing_follows(Loaded{}, "loading a final execution");
  check_nothing_follows(TimeDue{}, "time after the end");
  check_nothing_follows(CancelRequested{"late"}, "a cancel after the end");
  count_end();
}

void ModelTrial::submit() {
  state_ = accept(ExecutionId{1, 2}, made_.workflow, to_context(made_.model.input), now_);
  if (made_.start_delay) state_.start_after = now_ + *made_.start_delay;
  apply(Submitted{});
}

void ModelTrial::take_step() {
  std::size_t const choice = random_.below(100);
  if (choice < 55 && !bodies_.empty()) return end_a_body();
  if (choice < 85 && !waiting_.empty()) return commit();
  if (choice < 88) return send_stale_event();
  if (choice < 92) return lose_owner();
  if (choice < 93 && random_.percent(40)) return cancel();
  bool const is_idle = bodies_.empty() && waiting_.empty();
  if (is_idle && !state_.held.empty() && !alone_) return start_alone();
  if (bodies_.empty() && (alone_ || !waiting_.empty())) return commit();
  if (bodies_.empty() || random_.percent(20)) return pass_time();
}

/// R9: nothing else starts until its result is stored.
void ModelTrial::start_alone() {
  alone_ = state_.held.front();
  settings_.hold_starts = true;
  apply(StartAlone{*alone_});
  require(waiting_.size() == 1, "it starts alone: " + describe(*alone_));
  ++coverage_.alone;
}

void ModelTrial::start_held() {
  alone_.reset();
  settings_.hold_starts = false;
  if (!finished_) apply(StartHeld{});
}

void ModelTrial::end_a_body() {
  std::size_t const which = random_.below(bodies_.size());
  Body const body = bodies_[which];
  bodies_.erase(bodies_.begin() + static_cast<std::ptrdiff_t>(which));
  now_ += std::chrono::microseconds(random_.below(2000));
  model::Attempt attempt{.succeeded = random_.percent(85), .retryable = random_.percent(80)};
  if (attempt.succeeded) attempt.changes = random_changes(random_);
  history_.attempts[body.task].push_back(attempt);
  if (attempt.succeeded) {
    auto delta = to_delta(attempt.changes);
    auto text = delta.to_json();
    return apply(TaskSucceeded{body.task, body.attempt, std::move(delta), std::move(text)});
  }
  apply(TaskFailed{body.task, body.attempt, "error " + std::to_string(body.attempt),
                   attempt.retryable});
  TaskState const& task = state_.tasks[body.task];
  bool const is_held = std::count(state_.held.begin(), state_.held.end(), body.task) > 0;
  if (task.status != TaskStatus::ready || is_held) return;
  ++coverage_.retries;
  require(task.wake_at == now_ + made_.workflow->tasks[body.task].retry.initial_delay,
          "the wait for the next attempt of " + describe(body.task));
  not_before_[body.task] = now_ + made_.workflow->tasks[body.task].retry.initial_delay;
}

void ModelTrial::send_stale_event() {
  auto const task = static_cast<TaskIndex>(random_.below(state_.tasks.size()));
  bool const runs = state_.tasks[task].status == TaskStatus::running;
  std::uint32_t const attempt = state_.tasks[task].attempt + (runs ? 1 : 0);
  if (random_.percent(50)) {
    check_nothing_follows(TaskSucceeded{task, attempt, {}, "{}"}, "a late success");
  } else {
    check_nothing_follows(TaskFailed{task, attempt, "late", true}, "a late failure");
  }
}

void ModelTrial::pass_time() {
  auto const due = next_due(state_);
  require(due || !bodies_.empty() || !waiting_.empty(),
          "nothing runs and nothing is due, but it is not the end");
  if (!due) return;
  if (*due > now_ && random_.percent(30)) {
    now_ += (*due - now_) / 2;
    return check_nothing_follows(TimeDue{}, "a timer that rings too early");
  }
  now_ = std::max(now_, *due);
  note_deadline();
  apply(TimeDue{});
  auto const next = next_due(state_);
  require(!next || *next > now_, "what was due has been done");
}

void ModelTrial::note_deadline() {
  if (state_.status == WorkflowStatus::running && state_.deadline && *state_.deadline <= now_) {
    history_.timed_out = true;
  }
}

void ModelTrial::cancel() {
  history_.cancelled = true;
  apply(CancelRequested{"not wanted"});
}

void ModelTrial::apply(Event&& event) {
  actions_.clear();
  plan(state_, std::move(event), now_, settings_, actions_);
  history_.begun =
      history_.begun || state_.status == WorkflowStatus::running || is_final(state_.status);
  if (history_.cancelled && !state_.started_at) history_.begun = false;
  check_tasks();
  for (Action const& action : actions_) absorb(action);
  require(finished_ == is_final(state_.status), "finish comes with the end and only then");
  if (finished_) check_end();
}

void ModelTrial::absorb(Action const& action) {
  TaskStatus const status = state_.tasks[action.task].status;
  switch (action.kind) {
    case Action::Kind::write_task:
      dirty_.insert(action.task);
      break;
    case Action::Kind::write_execution:
      execution_dirty_ = true;
      break;
    case Action::Kind::start_task:
      return start(action.task);
    case Action::Kind::stop_task: {
      auto const same = [&](Body const& body) { return body.task == action.task; };
      require(std::erase_if(bodies_, same) + std::erase_if(waiting_, same) == 1,
              "what is stopped runs: " + describe(action.task));
      break;
    }
    case Action::Kind::task_final:
      require(is_final(status) && dirty_.contains(action.task),
              "task_final of " + describe(action.task));
      require(told_.insert(action.task).second, "task_final twice of " + describe(action.task));
      break;
    case Action::Kind::finish:
      finished_ = true;
      break;
  }
}

void ModelTrial::start(TaskIndex index) {
  TaskState const& task = state_.tasks[index];
  ++coverage_.starts;
  require(!state_.start_after || *state_.start_after <= now_, "no start before start_after");
  auto const wait = not_before_.find(index);
  require(wait == not_before_.end() || wait->second <= now_,
          "no start before its time of " + describe(index));
  require(task.status == TaskStatus::running && task.started_at == now_,
          "the start of " + describe(index));
  bool const marker_first =
      state_.takeovers > 0 || made_.workflow->tasks[index].execution == ExecutionMode::at_most_once;
  require(!marker_first || dirty_.contains(index),
          "the marker stored before the start of " + describe(index));
  Context const expected = to_context(model::Reference(made_.model, history_).given(index));
  require(task.context.values() == expected, "the context given to " + describe(index) + ": " +
                                                 task.context.values().to_json() + ", expected " +
                                                 expected.to_json());
  waiting_.push_back({index, task.attempt});
}

void ModelTrial::count_end() {
  for (TaskState const& task : state_.tasks) {
    if (task.status == TaskStatus::skipped)
      ++(task.skipped_by_failure ? coverage_.skips_by_failure : coverage_.skips);
  }
  switch (state_.status) {
    case WorkflowStatus::completed:
      ++coverage_.completed;
      break;
    case WorkflowStatus::cancelled:
      ++coverage_.cancelled;
      break;
    default:
      ++(history_.timed_out ? coverage_.timed_out : coverage_.failed);
  }
}

void ModelTrial::check_nothing_follows(Event&& event, char const* what) {
  actions_.clear();
  plan(state_, std::move(event), now_, settings_, actions_);
  require(actions_.empty(), std::string(what) + " changes nothing");
  check_tasks();
}

void ModelTrial::check_tasks() const {
  model::Reference const reference(made_.model, history_);
  std::uint32_t unfinished = 0;
  for (TaskIndex i = 0; i < state_.tasks.size(); ++i) {
    Fate const expected = reference.fate(i);
    TaskState const& task = state_.tasks[i];
    if (!is_final(task.status)) ++unfinished;
    require(fate_of(task) == expected, "the status of " + describe(i) + ", expected fate " +
                                           std::to_string(static_cast<int>(expected)));
    require(task.attempt == expected_attempt(expected, reference.failures(i)),
            "the attempt of " + describe(i));
  }
  require(unfinished == state_.unfinished, "the number of unfinished tasks");
}

void ModelTrial::check_end() const {
  model::Reference const reference(made_.model, history_);
  End const end = reference.end();
  auto const expected = end == End::completed ? WorkflowStatus::completed
                        : end == End::failed  ? WorkflowStatus::failed
                                              : WorkflowStatus::cancelled;
  require(end != End::none && state_.status == expected,
          "how it ends: " + std::string(to_string(state_.status)) + ", expected " +
              std::string(to_string(expected)));
  require(execution_dirty_ && state_.completed_at == now_, "the end is written");
  require(bodies_.empty() && waiting_.empty(), "no body runs at the end");
  Context const output = to_context(reference.final_context());
  require(state_.output == output,
          "the final context: " + state_.output.to_json() + ", expected " + output.to_json());
  std::string const& error = state_.error;
  if (end == End::completed) require(error.empty(), "no error of a completed execution: " + error);
  if (end == End::cancelled) require(error == "not wanted", "the reason of a cancel: " + error);
  if (end != End::failed) return;
  if (history_.timed_out)
    return require(error.starts_with("timeout"), "the error of a timeout: " + error);
  auto unhandled = reference.unhandled_failures();
  unhandled.resize(std::min<std::size_t>(unhandled.size(), 10));  // it names no more
  for (std::size_t const failed : unhandled) {
    require(error.find("task '" + task_id(failed) + "' failed") != std::string::npos,
            "the error names " + task_id(failed) + ": " + error);
  }
}

void ModelTrial::check_attempt_rows() const {
  std::size_t failures = 0;
  for (auto const& attempts : history_.attempts) {
    failures += static_cast<std::size_t>(std::count_if(
        attempts.begin(), attempts.end(), [](auto const& attempt) { return !attempt.succeeded; }));
  }
  require(failed_attempts_.size() + lost_attempts_ == failures, "a row for each failed attempt");
}

void ModelTrial::commit() {
  store();
  recorded_ = history_;
  accepted_ = true;
  for (Body const& body : waiting_) {
    for (TaskIndex const dependency : made_.workflow->dependencies[body.task]) {
      require(is_final(rows_.at(task_id(dependency)).status),
              "R11: what " + describe(body.task) + " needs is stored");
    }
    bodies_.push_back(body);
    if (random_.percent(50)) dirty_.insert(body.task);  // a lazy marker
  }
  waiting_.clear();
  if (alone_ && bodies_.empty()) start_held();
}

void ModelTrial::store() {
  if (std::exchange(execution_dirty_, false)) {
    row_ = {.id = state_.id,
            .workflow = made_.workflow->name,
            .version = made_.workflow->version,
            .status = state_.status,
            .owner = std::nullopt,
            .input = state_.input.to_json(),
            .output = std::nullopt,
            .error = unless_empty(state_.error),
            .idempotency_key = std::nullopt,
            .created_at = state_.created_at,
            .start_after = state_.start_after,
            .started_at = state_.started_at,
            .completed_at = state_.completed_at,
            .deadline = state_.deadline,
            .takeovers = row_.takeovers};
    if (is_final(state_.status)) row_.output = state_.output.to_json();
  }
  for (TaskIndex const index : std::exchange(dirty_, {})) {
    TaskState const& task = state_.tasks[index];
    auto& stored = rows_[task_id(index)];
    stored = {.execution = state_.id,
              .task = task_id(index),
              .status = task.status,
              .attempt = task.attempt,
              .crashes = stored.crashes,
              .delta = unless_empty(task.delta_text),
              .error = unless_empty(task.error),
              .skip_reason = unless_empty(task.skip_reason),
              .started_at = task.started_at,
              .completed_at = task.completed_at,
              .wake_at = task.wake_at};
  }
  for (EndedAttempt const& ended : std::exchange(state_.ended_attempts, {})) {
    if (ended.status != TaskStatus::failed) continue;
    require(failed_attempts_.insert({ended.task, ended.attempt}).second,
            "one row for a failed attempt of " + describe(ended.task));
  }
}

void ModelTrial::fail_by_takeover(dal::TaskRow& row, TaskIndex index, char const* error) {
  row.status = TaskStatus::failed;
  row.error = error;
  row.completed_at = now_;
  history_.attempts[index].push_back({.succeeded = false, .retryable = false});
  ++lost_attempts_;
}

/// R2 and R9: the owner dies and is taken over, or leaves properly.
void ModelTrial::lose_owner() {
  if (!accepted_) return;
  ++coverage_.crashes;
  bool const takeover = random_.percent(70);
  history_ = recorded_;
  for (auto& [id, row] : rows_) {
    if (row.status != TaskStatus::running) continue;
    TaskIndex const index = *made_.workflow->index_of(id);
    if (made_.workflow->tasks[index].execution == ExecutionMode::at_most_once) {
      fail_by_takeover(row, index, "outcome unknown: owner lost");
      ++coverage_.unknown_outcomes;
      continue;
    }
    row.status = TaskStatus::ready;
    if (!takeover || row_.takeovers == 0) continue;
    if (++row.crashes == settings_.max_crashes) {
      fail_by_takeover(row, index, "crashed");
      ++coverage_.crashed_out;
    } else {
      row.wake_at = now_ + std::chrono::seconds{1 << (row.crashes - 1)};
    }
  }
  recorded_ = history_;
  if (takeover) ++row_.takeovers;
  load();
  note_waits();
  finished_ = false;
  note_deadline();
  for (TaskIndex i = 0; history_.timed_out && i < state_.tasks.size(); ++i) {
    if (state_.tasks[i].status == TaskStatus::not_started)
      history_.undecided |= std::uint64_t{1} << i;
  }
  apply(Loaded{});
}

/// A wait that was stored stands.
void ModelTrial::note_waits() {
  not_before_.clear();
  for (auto const& [id, row] : rows_) {
    if (row.status != TaskStatus::ready) continue;
    not_before_[*made_.workflow->index_of(id)] = row.wake_at.value_or(now_);
  }
}

void ModelTrial::load() {
  std::vector<dal::TaskRow> rows;
  for (auto const& [id, row] : rows_) rows.push_back(row);
  auto const before = state_.output;
  state_ = restore(row_, rows, made_.workflow);
  if (is_final(state_.status)) require(state_.output == before, "the output read from its row");
  waiting_.clear();
  bodies_.clear();
  alone_.reset();
  settings_.hold_starts = false;
  dirty_.clear();
  told_.clear();
  execution_dirty_ = false;
}

std::string ModelTrial::describe(TaskIndex index) const {
  TaskState const& task = state_.tasks[index];
  return "task '" + task_id(index) + "' (" + std::string(to_string(task.status)) + ", attempt " +
         std::to_string(task.attempt) + (task.skip_reason.empty() ? "" : ", ") + task.skip_reason +
         ")";
}

}  // namespace cloacina::engine::test
