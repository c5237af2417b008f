// The second half of a turn: the batch, its commit, and what the commit allows.
#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include <cloacina/error.hpp>

#include "dal/workflow_executions.hpp"
#include "engine/log.hpp"
#include "engine/loop.hpp"
#include "engine/refusals.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

// A start is written on its own only for those who look from outside; a body that ends sooner costs
// one write, not two.
constexpr std::chrono::nanoseconds marker_delay = 100ms;
// A turn between processes on one file: with it the longest wait of four busy ones is 18 ms,
// without 84 ms.
constexpr std::chrono::nanoseconds turn_pause = 1ms;

/// Says that a callback has returned, however it did.
struct CallbackEnd {
  std::shared_ptr<Inbox> inbox;
  CallbackReturned message;
  ~CallbackEnd() { inbox->push(Request{message}); }
};

// The first bodies run while the last ones are still prepared.
constexpr std::size_t bodies_at_once = 256;

// A group is one message to a server, which takes no more than 1 GiB, and memory on both sides.
constexpr std::size_t most_bytes = 64u << 20;

/// The runner is alive and its database answers: what it wrote is stored, or refused for its data.
bool is_answered(Committer::Result const& result) {
  return std::holds_alternative<dal::Committed>(result) ||
         std::holds_alternative<Committer::Refused>(result);
}

/// For work that is left to anybody, for an end, or for the answer to a request.
bool others_may_wait(dal::Batch const& batch) {
  return !batch.applied.empty() || !batch.unowned_cancels.empty() ||
         std::any_of(batch.inserts.begin(), batch.inserts.end(),
                     [](auto const& insert) { return !insert.owned; }) ||
         std::any_of(batch.updates.begin(), batch.updates.end(),
                     [](auto const& update) { return update.release; });
}

}  // namespace

void Loop::queue_lazy_markers() {
  while (!markers_.empty() && markers_.front().due <= mono_) {
    auto const marker = markers_.front();
    markers_.pop_front();
    auto* entry = table_.find(marker.execution);
    if (!entry) continue;
    auto& task = entry->state.tasks[marker.task];
    if (task.status != TaskStatus::running || task.attempt != marker.attempt || task.dirty)
      continue;
    task.dirty = true;
    entry->dirty_tasks.push_back(marker.task);
    mark_dirty(*entry);
  }
}

void Loop::commit_and_release() {
  // A release may decide something that wants to be written; that is the next batch, at once.
  while (!stopped_) {
    auto const room = free_capacity();
    bool const claim = claim_wanted_ && !draining_ && !alone_ && room > 0 &&
                       (room >= claimed_at_once() || busy_ == 0 || others_alive_ > 0);
    if (dirty_.empty() && unreadable_.empty() && unowned_requests_.empty() && learned_.empty() &&
        !claim && !committer_.renewal_due(environment_.monotonic())) {
      if (!releases_.empty()) release_all();
      return;
    }
    // Primary-key order: one order of locks for everybody, and neighbours on one page.
    std::sort(dirty_.begin(), dirty_.end(),
              [](Entry const* a, Entry const* b) { return a->state.id < b->state.id; });
    std::vector<Entry*> entries;
    entries.swap(dirty_);
    for (auto* entry : entries) entry->queued = entry->left_over = false;
    build_batch(entries);
    // What is left to anybody may be claimed by the next group, which is one statement then.
    bool const leaves = std::any_of(batch_.inserts.begin(), batch_.inserts.end(),
                                    [](auto const& insert) { return !insert.owned; });
    if (claim && !leaves)
      batch_.claim = {
          .limit = std::min(room, claimed_at_once()), .now = now_, .known = known_.json()};
    if (!commit_batch(entries)) return;
    heed_end();
    release_all();
    // What they decide is written first, then released: with the next batch, at once.
    adopt(std::exchange(claimed_, {}));
    if (dirty_.empty() && releases_.empty() && !(claim && leaves)) return;
  }
}

// Takes what fits, at least one; the others come with the next batch, at once.
void Loop::build_batch(std::vector<Entry*>& entries) {
  batch_.clear();
  batch_.learned = learned_;
  std::size_t fitting = 0;
  for (std::size_t bytes = 0; fitting < entries.size() && bytes < most_bytes; ++fitting)
    bytes += add_rows(*entries[fitting]);
  for (auto i = fitting; i < entries.size(); ++i) {
    entries[i]->left_over = true;
    mark_dirty(*entries[i]);
  }
  entries.resize(fitting);
  for (auto const& request : unowned_requests_)
    batch_.unowned_cancels.push_back({.request = request.id,
                                      .execution = request.execution,
                                      .reason = request.payload,
                                      .at = now_});
  for (auto const& [id, why] : unreadable_) {
    auto& update = batch_.updates.emplace_back();
    update.id = id;
    update.status = WorkflowStatus::failed;
    update.error = why;
    update.completed_at = now_;
    update.release = true;
  }
}

std::size_t Loop::add_rows(Entry& entry) {
  auto& state = entry.state;
  std::size_t bytes = entry.input_text.size();
  if (is_final(state.status) && entry.update) entry.output_text = state.output.to_json();
  if (entry.insert) {
    batch_.inserts.push_back(
        {.id = state.id,
         .workflow = state.workflow->name,
         .version = state.workflow->version,
         .status = is_final(state.status) ? WorkflowStatus::pending : state.status,
         .owned = entry.owned,
         .priority = state.priority,
         .input = entry.input_text,
         .idempotency_key = entry.idempotency_key,
         .created_at = state.created_at,
         .start_after = state.start_after,
         .started_at = state.started_at,
         .deadline = state.deadline});
  }
  std::sort(entry.dirty_tasks.begin(), entry.dirty_tasks.end(), [&](TaskIndex a, TaskIndex b) {
    return state.workflow->tasks[a].id < state.workflow->tasks[b].id;
  });
  for (auto const index : entry.dirty_tasks) {
    auto const& task = state.tasks[index];
    auto const& definition = state.workflow->tasks[index];
    bytes += task.delta_text.size();
    batch_.tasks.push_back({.execution = state.id,
                            .task = definition.id,
                            .status = task.status,
                            .attempt = task.attempt,
                            .crashes = task.crashes,
                            .at_most_once = definition.execution == ExecutionMode::at_most_once,
                            .delta = task.delta_text,
                            .error = task.error,
                            .skip_reason = task.skip_reason,
                            .started_at = task.started_at,
                            .completed_at = task.completed_at,
                            .wake_at = task.wake_at,
                            .is_new = !task.has_row});
  }
  for (auto const& ended : state.ended_attempts) {
    batch_.attempts.push_back({.execution = state.id,
                               .task = state.workflow->tasks[ended.task].id,
                               .attempt = ended.attempt,
                               .status = to_string(ended.status),
                               .error = ended.error,
                               .started_at = ended.started_at,
                               .ended_at = ended.ended_at});
  }
  for (auto const request : entry.requests) batch_.applied.push_back({.id = request, .at = now_});
  if (entry.update && (!entry.insert || is_final(state.status))) {
    batch_.updates.push_back({.id = state.id,
                              .status = state.status,
                              .output = entry.output_text,
                              .error = state.error,
                              .started_at = state.started_at,
                              .completed_at = state.completed_at,
                              .deadline = state.deadline,
                              .release = is_final(state.status)});
  }
  return bytes + entry.output_text.size();
}

void Loop::written(Entry& entry) {
  auto& state = entry.state;
  for (auto const index : entry.dirty_tasks) {
    auto& task = state.tasks[index];
    task.dirty = false;
    task.has_row = true;
    task.delta_text.clear();
    task.delta_text.shrink_to_fit();
  }
  entry.dirty_tasks.clear();
  state.ended_attempts.clear();
  entry.requests.clear();
  entry.update = false;
  entry.output_text.clear();
  if (entry.insert) {
    entry.insert = false;
    entry.input_text.clear();
    entry.input_text.shrink_to_fit();
  }
}

bool Loop::commit_batch(std::vector<Entry*> const& entries) {
  auto result = committer_.commit(batch_);
  bodies_.set_lease_end(committer_.lease_end());
  if (auto const* refused = std::get_if<Committer::Refused>(&result)) {
    if (entries.empty()) {
      drop_batch(*refused);
    } else {
      commit_one_by_one(entries);
    }
    return !stopped_;
  }
  if (auto* committed = std::get_if<dal::Committed>(&result)) {
    // Both lists are in the order of `entries`; what was not inserted exists already under another
    // or the same id.
    std::vector<ExecutionId> refused;
    for (auto const index : committed->not_inserted) refused.push_back(batch_.inserts[index].id);
    for (auto* entry : entries) written(*entry);
    unreadable_.clear();
    unowned_requests_.clear();
    learned_.clear();
    for (auto const id : refused)
      if (auto* entry = table_.find(id)) not_inserted(*entry);
    if (batch_.claim.limit > 0) {
      claim_wanted_ =
          committed->claimed.size() + committed->unreadable.size() >= batch_.claim.limit;
      claimed_ = {std::move(committed->claimed), std::move(committed->unreadable)};
    }
    committed_();
    if (others_may_wait(batch_)) database_.announce();
    if (others_alive_ > 0 && !database_.is_remote() && !environment_.conductor)
      std::this_thread::sleep_for(turn_pause);
    return true;
  }
  for (auto* entry : entries) mark_dirty(*entry);
  lose_hold(result);
  return false;
}

/// Of what was not committed, nor refused for its data.
void Loop::lose_hold(Committer::Result const& result) {
  if (std::holds_alternative<Committer::Dead>(result)) return declared_dead();
  if (auto const* damaged = std::get_if<Committer::Damaged>(&result))
    return stop_at_damage(*damaged);
  stopped_ = true;  // told to, while nobody answered
  auto const* gave_up = std::get_if<Committer::GaveUp>(&result);
  give_back_everything(nullptr, gave_up == nullptr || gave_up->outcome_known);
}

void Loop::stop_at_damage(Committer::Damaged const& damaged) {
  stopped_ = true;
  log_error("cloacina: this runner stops: " + damaged.message);
  bodies_.close();
  give_back_everything(
      std::make_exception_ptr(BackendError{"the runner has stopped: " + damaged.message, ""}));
}

// What is refused belongs to no execution that is known here. It waits until somebody looks again;
// an empty batch burns the number and renews the lease.
void Loop::drop_batch(dal::Refused const& refused) {
  log_error("cloacina: the database refuses what belongs to no execution of this runner: " +
            refused.message);
  claim_wanted_ = false;
  unreadable_.clear();
  unowned_requests_.clear();
  learned_.clear();
  batch_.clear();
  auto const result = committer_.commit(batch_);
  if (!is_answered(result)) lose_hold(result);
}

// R16: one bad item does not stop the rest. The refused batch was rolled back; an empty one burns
// its number and renews the lease, then each execution is written by itself.
void Loop::commit_one_by_one(std::vector<Entry*> const& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto* const entry = entries[i];
    batch_.clear();
    auto result = committer_.commit(batch_);
    if (std::holds_alternative<dal::Committed>(result)) {
      (void)add_rows(*entry);
      for (auto& task : batch_.tasks) task.is_new = false;  // what is refused is looked at closely
      result = committer_.commit(batch_);
      if (auto const* committed = std::get_if<dal::Committed>(&result)) {
        written(*entry);
        if (!committed->not_inserted.empty()) not_inserted(*entry);
      } else if (auto const refused = std::get_if<Committer::Refused>(&result)) {
        auto const why = *refused;
        result = refuse(*entry, why);
      }
    }
    if (is_answered(result)) continue;
    // Those before it are done with, or gone.
    for (auto left = i; left < entries.size(); ++left) mark_dirty(*entries[left]);
    return lose_hold(result);
  }
}

Committer::Result Loop::refuse(Entry& entry, dal::Refused const& refused) {
  auto const id = entry.state.id.to_string();
  log_error("cloacina: the database refuses a row of execution " + id + ": " + refused.message);
  auto const ref = entry.ref();
  // Nothing that the refused rows would have allowed happens; nobody waits for callbacks that are
  // not called.
  std::erase_if(releases_, [&](Release const& release) {
    if (release.execution != ref) return false;
    if (release.kind == Release::Kind::start) --entry.bodies;
    if (release.kind == Release::Kind::task_final) --entry.callbacks;
    return true;
  });
  std::erase_if(seen_, [&](Observation const& seen) { return seen.id == entry.state.id; });
  auto const error = std::make_exception_ptr(
      BackendError{"the database refuses a value of execution " + id + ": " + refused.message,
                   refused.sqlstate, id});
  if (entry.insert) {
    if (entry.acceptance) entry.acceptance->refused(error);
    for (auto& completion : entry.completions) completion->fail(error);
    for (auto& cancel : entry.cancels) cancel->accepted();
    due_.set(entry.slot, std::nullopt);
    if (entry.busy) --busy_;
    table_.erase(entry);
    return dal::Committed{};
  }
  entry.stopped->store(true);
  bodies_.stop_execution(entry.state.id);
  due_.set(entry.slot, std::nullopt);
  fail_unstored(entry, "the database refuses a value: " + refused.message);
  update_capacity(entry);
  batch_.clear();
  (void)add_rows(entry);
  auto result = committer_.commit(batch_);
  if (std::holds_alternative<Committer::Refused>(result)) {
    // Whatever it is, the end alone must be stored.
    batch_.tasks.clear();
    result = committer_.commit(batch_);
    if (std::holds_alternative<Committer::Refused>(result))
      log_error("cloacina: execution " + id +
                " could not be marked Failed; it stays as it is stored");
  }
  if (!is_answered(result)) return result;
  written(entry);
  if (observations_) observe(entry, {.kind = Action::Kind::write_execution});
  releases_.push_back({.kind = Release::Kind::finish, .execution = ref});
  return result;
}

// It fails with that error, without the values that could not be stored: what ended since the last
// commit has Failed, what has not ended is Cancelled.
void Loop::fail_unstored(Entry& entry, std::string error) {
  auto& state = entry.state;
  for (TaskIndex i = 0; i < state.tasks.size(); ++i) {
    auto& task = state.tasks[i];
    if (is_final(task.status) && !task.dirty) continue;
    if (!task.dirty) entry.dirty_tasks.push_back(i);
    task.dirty = true;
    bool const ended = task.status == TaskStatus::completed || task.status == TaskStatus::failed;
    if (task.status != TaskStatus::skipped)
      task.status = ended ? TaskStatus::failed : TaskStatus::cancelled;
    task.error = ended ? error : std::string{};
    task.skip_reason.clear();
    task.delta_text.clear();
    task.completed_at = now_;
    task.wake_at.reset();
  }
  state.ended_attempts.clear();
  state.status = WorkflowStatus::failed;
  state.error = std::move(error);
  state.output = state.input;
  state.completed_at = now_;
  entry.update = true;
}

void Loop::release_all() {
  std::vector<Release> releases;
  releases.swap(releases_);
  std::vector<ReadyTask> ready;
  for (auto& release : releases) {
    auto* entry = table_.find(release.execution);
    if (!entry) continue;
    if (entry->left_over) {
      releases_.push_back(std::move(release));
      continue;
    }
    switch (release.kind) {
      case Release::Kind::start:
        if (auto const& task = entry->state.tasks[release.task];
            task.status == TaskStatus::running && task.attempt == release.attempt) {
          if (draining_) {
            --entry->bodies;
            take_start_back(*entry, release.task, release.attempt);
          } else {
            start_body(*entry, release.task, ready);
          }
        }
        if (ready.size() >= bodies_at_once) start_bodies(ready);
        break;
      case Release::Kind::task_final:
        bodies_.call([callback = std::move(release.callback), inbox = inbox_, ref = entry->ref(),
                      epoch = epoch_] {
          CallbackEnd const end{inbox, {ref, epoch}};
          callback();
        });
        break;
      case Release::Kind::accepted:
        if (entry->acceptance) std::exchange(entry->acceptance, nullptr)->accepted();
        if (!entry->owned && !is_final(entry->state.status)) {
          for (auto& completion : entry->completions) watch(std::move(completion));
          claim_wanted_ = true;
          table_.erase(*entry);
        }
        break;
      case Release::Kind::run_fresh:
        decide(*entry, Submitted{});
        break;
      case Release::Kind::finish:
        finish(*entry);
        break;
    }
  }
  if (!ready.empty()) start_bodies(ready);
  if (seen_.empty()) return;
  // Of what is not stored yet observers hear later.
  auto const later = std::stable_partition(seen_.begin(), seen_.end(), [this](auto const& seen) {
    auto const* entry = table_.find(seen.id);
    return !entry || !entry->left_over;
  });
  std::vector<Observation> waiting{std::make_move_iterator(later),
                                   std::make_move_iterator(seen_.end())};
  seen_.erase(later, seen_.end());
  if (!seen_.empty()) observations_->post(std::exchange(seen_, std::move(waiting)));
}

void Loop::start_bodies(std::vector<ReadyTask>& ready) {
  bodies_out_ += ready.size();
  bodies_.start(std::exchange(ready, {}));
}

void Loop::start_body(Entry& entry, TaskIndex index, std::vector<ReadyTask>& ready) {
  auto const& state = entry.state;
  auto const& definition = state.workflow->tasks[index];
  auto const& task = state.tasks[index];
  auto& made = ready.emplace_back(ReadyTask{.execution = entry.ref(),
                                            .epoch = epoch_,
                                            .task = index,
                                            .attempt = task.attempt,
                                            .id = state.id,
                                            .workflow = state.workflow,
                                            .given = task.context.values(),
                                            .missing = {},
                                            .stopped = entry.stopped});
  for (auto const& read : definition.reads) {
    if (made.given.contains(read.name)) continue;
    std::string why;
    for (std::size_t w = 0; w < state.tasks.size(); ++w) {
      for (auto const& write : state.workflow->tasks[w].writes) {
        if (write.name != read.name || state.tasks[w].status == TaskStatus::not_started) continue;
        why += (why.empty() ? "its writer '" : ", its writer '") + state.workflow->tasks[w].id +
               "' is " + std::string{to_string(state.tasks[w].status)};
      }
    }
    made.missing.emplace_back(read.name, why.empty() ? "no task wrote it" : why);
  }
  if (!task.has_row) markers_.push_back({entry.ref(), index, task.attempt, mono_ + marker_delay});
}

// Its id or its idempotency key was there before: the caller gets the execution that is stored.
// Whoever waits for this read has been told nothing yet: a lost connection is no answer.
template <class Read>
auto Loop::read_patiently(Read&& read) {
  for (;;) {
    try {
      return read(committer_.session());
    } catch (backend::SessionError const& error) {
      committer_.session_failed(error);
      if (!error.is_retryable() || !committer_.pause_after(error.what())) throw;
    }
  }
}

void Loop::not_inserted(Entry& entry) {
  auto const ref = entry.ref();
  std::erase_if(releases_, [&](Release const& release) { return release.execution == ref; });
  auto acceptance = std::move(entry.acceptance);
  auto completions = std::move(entry.completions);
  auto const state = std::move(entry.state);
  auto const key = std::move(entry.idempotency_key);
  due_.set(entry.slot, std::nullopt);
  if (entry.busy) --busy_;
  table_.erase(entry);
  try {
    auto const stored = read_patiently([&](backend::Session& session) {
      return key.empty() ? dal::find_execution(session, state.id)
                         : dal::find_by_idempotency_key(session, state.workflow->name, key);
    });
    if (!stored)
      throw BackendError{"an execution that was stored a moment ago is gone", "",
                         state.id.to_string()};
    if (!key.empty()) detail::check_same_input(*stored, state.input, key);
    for (auto& completion : completions) {
      completion->refer_to(stored->id);
      on_request(WatchRequest{completion});
    }
    if (acceptance) acceptance->accepted();
  } catch (Error const&) {
    for (auto& completion : completions) completion->fail(std::current_exception());
    if (acceptance) acceptance->refused(std::current_exception());
  }
}

void Loop::finish(Entry& entry) {
  entry.finished = true;
  for (auto& cancel : entry.cancels) cancel->accepted();
  entry.cancels.clear();
  if (entry.callbacks == 0) answer(entry);
}

void Loop::answer(Entry& entry) {
  auto completions = std::move(entry.completions);
  std::erase_if(completions, [](auto const& completion) { return completion.use_count() == 1; });
  auto state = std::move(entry.state);
  if (entry.busy) --busy_;
  entry.state.id = state.id;  // `erase` looks it up
  table_.erase(entry);
  if (completions.size() == 1) return completions.front()->fulfil(std::move(state));
  if (completions.empty()) return;
  auto const result = make_result(std::move(state));
  for (auto& completion : completions) completion->fulfil(result);
}

void Loop::observe(Entry const& entry, Action const& action) {
  auto const& state = entry.state;
  Observation seen;
  seen.id = state.id;
  seen.workflow = state.workflow;
  seen.when = now_;
  switch (action.kind) {
    case Action::Kind::write_execution:
      seen.kind = Observation::Kind::execution;
      seen.workflow_status = state.status;
      break;
    case Action::Kind::start_task:
    case Action::Kind::write_task: {
      auto const& task = state.tasks[action.task];
      if (action.kind == Action::Kind::write_task && task.status == TaskStatus::running)
        return;  // `start_task` says it
      seen.kind = Observation::Kind::task;
      seen.task = action.task;
      seen.task_status = task.status;
      seen.attempt = task.attempt;
      seen.detail = task.error.empty() ? task.skip_reason : task.error;
      break;
    }
    default:
      return;
  }
  seen_.push_back(std::move(seen));
}

}  // namespace cloacina::engine
