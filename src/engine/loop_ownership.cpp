// What a runner does about others: claims, takeovers, its own death, and executions that end
// elsewhere.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include <cloacina/error.hpp>

#include "dal/control_requests.hpp"
#include "dal/task_executions.hpp"
#include "dal/workflow_definitions.hpp"
#include "dal/workflow_executions.hpp"
#include "engine/load.hpp"
#include "engine/log.hpp"
#include "engine/loop.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

// A look at the watched ones is one read each; what does not fit waits for the next look. Looks
// that follow a hint may come 25 times a second.
constexpr std::size_t watched_at_once = 1'000;
constexpr std::size_t watched_after_hint = 50;

// A `Client` has no row: what it writes is the only sign of it.
constexpr auto listens_after_a_sign = 60s;

std::exception_ptr not_stored() {
  return std::make_exception_ptr(
      RunnerStopped{"the runner was shut down before the execution was stored"});
}

// R8: nobody is told that a commit has failed which may have been made.
std::exception_ptr perhaps_stored() {
  return std::make_exception_ptr(RunnerStopped{
      "the runner was shut down while its database did not answer, and it is not known "
      "whether the execution is stored; look for it before it is submitted again, or "
      "use an idempotency key"});
}

}  // namespace

// R13: a hint that others have written makes the look come early; the slow poll is behind it. Who
// is alone does not listen: waking up 25 times a second costs more than all else that it
// does.
void Loop::listen() {
  // A look that would come soon comes with the renewal: one turn of an idle runner instead of two.
  bool const soon = next_look_ - mono_ <= config_.scheduler_poll_interval / 2;
  bool const due = mono_ >= next_look_ || (soon && committer_.renewal_due(mono_));
  bool const told = hinted_.exchange(false);
  bool const own = look_soon_.exchange(false);
  if (!due && !told && !own && mono_ < next_listen_) return;
  auto const interval = database_.change_interval();
  bool const written = interval > 0ms && others_have_written();  // or this program, see `own`
  bool const heard = told || (written && !own);
  if (heard) last_heard_ = mono_;
  if (due || heard || own)
    look_around(due || database_.is_remote() ? watched_at_once : watched_after_hint);
  if (due) warn_of_strangers();
  bool const company =
      others_alive_ > 0 || (last_heard_ && mono_ - *last_heard_ < listens_after_a_sign);
  next_listen_ = interval > 0ms && company ? mono_ + interval : std::chrono::nanoseconds::max();
}

void Loop::hint() noexcept {
  hinted_.store(true);
  inbox_->wake();
}

void Loop::look_soon() noexcept {
  look_soon_.store(true);
  inbox_->wake();
}

bool Loop::others_have_written() {
  try {
    return committer_.session().changed();
  } catch (Error const& error) {
    committer_.session_failed(error);
    log_debug(std::string{"cloacina: could not listen: "} + error.what());
    return false;
  }
}

void Loop::look_around(std::size_t watched) {
  next_look_ = mono_ + config_.scheduler_poll_interval;
  try {
    auto const seen =
        dal::look_around(database_, committer_.session(), committer_.id(), now_, known_.json());
    if (seen.schema_version > database_.schema_version()) return outgrown_by(seen.schema_version);
    others_alive_ = seen.others_alive;
    claim_wanted_ = claim_wanted_ || seen.claimable;
    if (seen.expired_runners && config_.enable_recovery && committer_.may_take_over(mono_)) {
      dal::TakeoverResult result;
      if (committer_.take_over(now_, result) && result.runners > 0) {
        claim_wanted_ = true;
        database_.announce();
        log_info("cloacina: took over " + std::to_string(result.executions) + " executions of " +
                 std::to_string(result.runners) + " runners that died");
        if (result.orphans > 0)
          log_error("cloacina: " + std::to_string(result.orphans) +
                    " executions had an owner that was not alive");
        if (observations_) {
          Observation took;
          took.kind = Observation::Kind::takeover;
          took.executions = result.executions;
          took.when = now_;
          seen_.push_back(std::move(took));
        }
      }
    }
    if (seen.requests_waiting) apply_requests();
    if (config_.enable_cron_scheduling) scheduler_.look(committer_.session());
    triggers_.look(committer_, now_, mono_);
    ask_for_watched(watched);
  } catch (backend::SessionError const& error) {
    if (error.failure() == backend::Failure::broken || error.failure() == backend::Failure::damaged)
      committer_.session_failed(error);
    log_debug(std::string{"cloacina: could not look around: "} + error.what());
  } catch (Error const& error) {
    committer_.session_failed(error);
    log_debug(std::string{"cloacina: could not look around: "} + error.what());
  }
}

// What nobody knows waits for ever (R3), and its submitter sees only that it is Pending.
void Loop::warn_of_strangers() {
  if (mono_ < next_warning_) return;
  next_warning_ = mono_ + config_.lease;
  try {
    auto const since = now_ - config_.lease;
    auto& session = committer_.session();
    for (auto const& workflow : dal::known_to_nobody(session, since))
      warn_of("executions of workflow '" + workflow.name + "' version " + workflow.version +
                  " wait, " + std::to_string(workflow.executions) + " of them",
              workflow.name + '@' + workflow.version);
    if (!config_.enable_cron_scheduling) return;
    for (auto const& waiting : dal::schedules_known_to_nobody(session, since))
      warn_of("cron schedules of workflow '" + waiting.workflow + "' are due and do not fire, " +
                  std::to_string(waiting.schedules) + " of them",
              waiting.workflow);
  } catch (Error const& error) {
    committer_.session_failed(error);
    log_debug(std::string{"cloacina: could not look for what nobody knows: "} + error.what());
  }
}

void Loop::warn_of(std::string const& what_waits, std::string const& workflow) {
  if (!warned_of_.insert(workflow).second) return;
  std::string alive;
  for (auto const& runner : dal::list_runners(database_, committer_.session()))
    if (runner.state == "alive")
      alive += (alive.empty() ? "" : ", ") + runner.row.name + " (" + runner.row.host + ", " +
               std::to_string(runner.row.pid) + ")";
  log_warning("cloacina: " + what_waits +
              ", and no runner that is alive knows it; expected one that does; alive: " + alive);
}

// What is stored may mean more by now than this library knows. What it owns goes on elsewhere, and
// its bodies are asked to stop.
void Loop::outgrown_by(std::int64_t schema_version) {
  outgrown_ =
      "the runner has stopped: its database was brought to schema version " +
      std::to_string(schema_version) + " by a newer library, this one knows versions up to " +
      std::to_string(database_.schema_version()) +
      "; expected all programs of one database to use the newer library once one does: start this "
      "one again with it";
  log_error("cloacina: " + outgrown_);
  // What has ended is still written; nothing begins any more.
  draining_ = true;
  plan_settings_.hold_starts = true;
  bodies_.close();
}

// R14. What fires is stored for anybody, and claimed with the transaction after.
void Loop::fire_schedules() {
  try {
    if (scheduler_.fire(committer_, now_, mono_) == 0) return;
    if (committed_) committed_();
    claim_wanted_ = true;
    database_.announce();
  } catch (Error const& error) {
    committer_.session_failed(error);
    log_debug(std::string{"cloacina: could not fire schedules: "} + error.what());
  }
}

// R9: nothing begins beside a task that may crash this runner, polls neither.
void Loop::poll_triggers() {
  for (auto& poll : triggers_.begin_polls(now_, mono_, epoch_)) {
    ++bodies_out_;
    bodies_.start_beside(std::move(poll));
  }
}

// What can wait goes with the renewal of the lease, which it is too.
void Loop::store_polls() {
  bool const all = draining_ || committer_.renewal_due(mono_);
  auto const stored = triggers_.write(committer_, now_, mono_, all);
  if (draining_) triggers_.give_up(committer_);
  if (stored.transactions > 0 && committed_) committed_();
  if (stored.executions == 0) return;
  claim_wanted_ = claim_wanted_ || !draining_;
  database_.announce();
}

// R12: what others want of our executions, and of those that nobody owns.
void Loop::apply_requests() {
  unowned_requests_.clear();
  for (auto& request : dal::waiting_requests(committer_.session(), committer_.id())) {
    if (auto* entry = table_.find(request.execution)) {
      // The write of its end, if that is on its way, marks the request too late.
      if (is_final(entry->state.status)) continue;
      entry->requests.push_back(request.id);
      decide(*entry, CancelRequested{std::move(request.payload)});
    } else if (!request.owned) {
      unowned_requests_.push_back(std::move(request));
    }
  }
}

void Loop::adopt(dal::ExecutionRows&& found) {
  for (auto& row : found.rows) adopt(std::move(row));
  for (auto const& row : found.unreadable)
    if (!table_.find(row.id)) give_up(row.id, row.why);
}

// Nobody will ever be able to run it: one bad row must not come back for ever (R16).
void Loop::give_up(ExecutionId id, std::string const& why) {
  log_error("cloacina: execution " + id.to_string() +
            " is Failed, because what is stored of it cannot be read: " + why);
  unreadable_.push_back({id, "what is stored cannot be read: " + why});
}

void Loop::adopt(dal::ExecutionRow&& row) {
  if (table_.find(row.id)) return;
  auto const* const known = known_.find(row.workflow, row.version);
  if (known == nullptr) {
    log_error("cloacina: claimed execution " + row.id.to_string() + " of workflow '" +
              row.workflow + "' version " + row.version + ", which this runner does not know");
    return;
  }
  try {
    bool const fresh = row.status == WorkflowStatus::pending && row.takeovers == 0;
    auto const tasks =
        fresh ? std::vector<dal::TaskRow>{} : dal::tasks_of(committer_.session(), row.id);
    auto& entry = table_.add(restore(row, tasks, known->shared_data()));
    for (auto const& task : tasks)
      if (auto const index = known->data().index_of(task.task))
        entry.state.tasks[*index].has_row = true;
    if (auto const watchers = watched_.find(row.id); watchers != watched_.end()) {
      entry.completions = std::move(watchers->second);
      watched_.erase(watchers);
    }
    if (row.status == WorkflowStatus::pending) {
      decide(entry, Submitted{});
    } else {
      decide(entry, Loaded{});
    }
  } catch (backend::SessionError const& error) {
    log_warning("cloacina: execution " + row.id.to_string() +
                " could not be loaded yet: " + error.what());
    committer_.session_failed(error);
  } catch (Error const& error) {
    give_up(row.id, error.what());
  }
}

// R3: after an unknown outcome or a reconnect, memory and table are compared.
void Loop::reconcile() {
  try {
    auto rows = dal::owned_executions(committer_.session(), committer_.id());
    std::unordered_set<ExecutionId> owned;
    for (auto const& row : rows.rows) owned.insert(row.id);
    for (auto const& row : rows.unreadable) owned.insert(row.id);
    std::vector<Entry*> gone;
    table_.for_each([&](Entry& entry) {
      if (!entry.insert && !entry.finished && !is_final(entry.state.status) &&
          !owned.contains(entry.state.id))
        gone.push_back(&entry);
    });
    for (auto* entry : gone) {
      entry->stopped->store(true);
      bodies_.stop_execution(entry->state.id);
      for (auto& completion : entry->completions) watch(std::move(completion));
      due_.set(entry->slot, std::nullopt);
      if (entry->busy) --busy_;
      std::erase(dirty_, entry);
      table_.erase(*entry);
    }
    adopt(std::move(rows));
  } catch (Error const& error) {
    log_warning(std::string{"cloacina: memory could not be compared with the database yet: "} +
                error.what());
    committer_.session_failed(error);
    next_look_ = mono_ + config_.scheduler_poll_interval;
  }
}

// R1: somebody took over what this runner owned. Everything begun under the old id is dropped; what
// was never committed is sent again under the new one.
void Loop::declared_dead() {
  log_warning(
      "cloacina: this runner was declared dead (it was not heard of for longer than its lease); it "
      "goes on under a new id");
  bodies_.stop_all();
  bodies_out_ -= bodies_.take_back().size();
  triggers_.lose_all();
  ++epoch_;
  releases_.clear();
  held_.clear();
  alone_.reset();
  plan_settings_.hold_starts = false;
  markers_.clear();
  dirty_.clear();
  seen_.clear();  // observers hear of what is stored
  unreadable_.clear();
  unowned_requests_.clear();
  learned_.clear();  // the new id comes with all that is known
  std::vector<Submission> again;
  table_.for_each([&](Entry& entry) {
    entry.stopped->store(true);
    if (entry.insert) {
      again.push_back(
          {.id = entry.state.id,
           .workflow = entry.state.workflow,
           .input = entry.state.input,
           .input_text = std::move(entry.input_text),
           .idempotency_key = std::move(entry.idempotency_key),
           .priority = entry.state.priority,
           .start_after = std::chrono::milliseconds{0},
           .completion = entry.completions.empty() ? nullptr : entry.completions.front(),
           .acceptance = std::move(entry.acceptance)});
      if (entry.state.start_after && *entry.state.start_after > now_)
        again.back().start_after =
            std::chrono::ceil<std::chrono::milliseconds>(*entry.state.start_after - now_);
    } else {
      for (auto& completion : entry.completions) watch(std::move(completion));
    }
    for (auto& cancel : entry.cancels)
      cancel->refused(std::make_exception_ptr(
          StateError{"the execution was taken over by another runner; ask again",
                     entry.state.id.to_string()}));
    due_.set(entry.slot, std::nullopt);
  });
  table_.clear();
  busy_ = 0;
  for (;;) {
    try {
      committer_.enroll();
      break;
    } catch (Error const& error) {
      log_warning(std::string{"cloacina: could not register again yet: "} + error.what());
      committer_.session_failed(error);
      if (committer_.damage() || !committer_.pause_after(error.what())) {
        for (auto& submission : again) decline(Request{std::move(submission)}, not_stored());
        if (committer_.damage()) return stop_at_damage(*committer_.damage());
        stopped_ = true;
        return give_back_everything();
      }
    }
  }
  bodies_.set_lease_end(committer_.lease_end());
  next_look_ = mono_;
  claim_wanted_ = true;
  for (auto& submission : again) send_again(Request{std::move(submission)});
}

void Loop::watch(std::shared_ptr<Completion> completion) {
  if (!completion) return;
  auto const id = completion->id();
  watched_[id].push_back(std::move(completion));
}

// Executions that others own, or nobody: their end is read from the table. Also when no other
// runner is alive: the one that recorded the end may be gone, and a client may cancel.
void Loop::ask_for_watched(std::size_t most) {
  auto const asked = std::min(most, watched_.size());
  std::vector<ExecutionId> ids;
  for (auto it = watched_.upper_bound(last_asked_); ids.size() < asked; ++it) {
    if (it == watched_.end()) it = watched_.begin();
    ids.push_back(it->first);
  }
  auto const running = dal::unfinished_among(database_, committer_.session(), ids);
  std::unordered_set<ExecutionId> const skipped{running.begin(), running.end()};
  for (auto const id : ids) {
    last_asked_ = id;
    if (!skipped.contains(id)) look_at(watched_.find(id));
  }
}

void Loop::ask_for(ExecutionId id) {
  auto const it = watched_.find(id);
  if (it == watched_.end()) return;
  try {
    look_at(it);
  } catch (Error const& error) {
    log_debug(std::string{"cloacina: could not look for the end of an execution: "} + error.what());
    committer_.session_failed(error);
    next_look_ = mono_ + config_.scheduler_poll_interval;
  }
}

Loop::Watched::iterator Loop::look_at(Watched::iterator watched) {
  auto& [id, completions] = *watched;
  std::erase_if(completions, [](auto const& completion) { return completion.use_count() == 1; });
  if (completions.empty()) return watched_.erase(watched);
  auto const row = dal::find_execution(committer_.session(), id);
  if (row && !is_final(row->status)) return ++watched;
  try {
    if (!row)
      throw ExecutionNotFound{"no execution " + id.to_string() + " in this database",
                              id.to_string()};
    auto const result = load_result(committer_.session(), *row);
    for (auto& completion : completions) completion->fulfil(result);
  } catch (backend::SessionError const& error) {
    if (error.is_retryable()) throw;  // they are told by a later look
    for (auto& completion : completions) completion->fail(std::current_exception());
  } catch (Error const&) {
    for (auto& completion : completions) completion->fail(std::current_exception());
  }
  return watched_.erase(watched);
}

// Shutdown: others need not wait for the lease. Whoever still waits here is told.
void Loop::give_back_everything(std::exception_ptr error, bool outcome_known) {
  if (!stopped_) {
    if (committer_.release(now_)) {
      database_.announce();
    } else {
      log_warning("cloacina: ownership was not released; others take over after the lease");
    }
  }
  stopped_ = true;
  auto const unstored = error ? error : outcome_known ? not_stored() : perhaps_stored();
  if (!error)
    error = std::make_exception_ptr(
        RunnerStopped{"the runner was shut down before the execution ended; it goes on when a "
                      "runner is started again"});
  table_.for_each([&](Entry& entry) {
    entry.stopped->store(true);
    if (entry.acceptance) std::exchange(entry.acceptance, nullptr)->refused(unstored);
    for (auto& cancel : entry.cancels) cancel->refused(error);
    entry.cancels.clear();
    for (auto& completion : entry.completions) completion->fail(entry.insert ? unstored : error);
    entry.completions.clear();
  });
  for (auto& [id, completions] : watched_)
    for (auto& completion : completions) completion->fail(error);
  watched_.clear();
  for (auto& request : inbox_->close()) decline(std::move(request), unstored);
  drained_.store(true);
  if (on_drained_) on_drained_();
}

}  // namespace cloacina::engine
