#include "engine/triggers.hpp"

#include <algorithm>
#include <utility>

#include <cloacina/error.hpp>
#include <cloacina/json.hpp>

#include "core/sabotage.hpp"
#include "core/utf8.hpp"
#include "dal/schedules.hpp"
#include "engine/log.hpp"

namespace cloacina::engine {
namespace {

using namespace std::chrono_literals;

// After a transaction that could not be made.
constexpr auto pause_after_refusal = 500ms;
// Polls that are over their time and do not come back keep a thread each; then it is polled no
// more until one does.
constexpr std::size_t most_left_behind = 4;
constexpr std::size_t longest_error = 8u << 10;
constexpr std::size_t most_written_at_once = 100;
constexpr std::size_t most_bytes_written = 8u << 20;

}  // namespace

void Triggers::add(std::shared_ptr<TriggerDefinition const> definition) {
  auto const [known, is_new] = by_name_.emplace(definition->name, triggers_.size());
  if (is_new) triggers_.emplace_back();
  auto& trigger = triggers_[known->second];
  trigger.definition = std::move(definition);
  trigger.next_poll = std::min(trigger.next_poll, environment_.monotonic());
  Json names = Json::array();
  for (auto const& [name, number] : by_name_) names.push_back(name);
  names_ = names.dump();
  update_next_turn();
}

void Triggers::look(Committer& committer, Instant now, std::chrono::nanoseconds monotonic) {
  if (triggers_.empty()) return;
  auto rows = dal::trigger_pollers(committer.session(), names_);
  bool const all_polled = std::all_of(rows.begin(), rows.end(), [&](auto const& row) {
    return row.paused || row.runner == committer.id();
  });
  if (!all_polled && dal::are_polled_by_nobody(committer.session(), names_) &&
      committer.claim_triggers(names_))
    rows = dal::trigger_pollers(committer.session(), names_);
  std::vector<bool> mine(triggers_.size());
  for (auto const& row : rows) {
    if (row.paused || row.runner != committer.id()) continue;
    auto const number = by_name_.find(row.name)->second;
    auto& trigger = triggers_[number];
    if (trigger.mine && trigger.id == row.id) {
      mine[number] = true;
    } else if (auto const whole = dal::find_trigger(committer.session(), row.name)) {
      mine[number] = whole->id == row.id && take_on(trigger, *whole, now, monotonic);
    }
  }
  for (std::size_t i = 0; i < triggers_.size(); ++i) triggers_[i].mine = mine[i];
  update_next_turn();
}

// Restarts multiply nothing: what was polled a moment ago has its interval first.
bool Triggers::take_on(Trigger& trigger, dal::ScheduleRow const& row, Instant now,
                       std::chrono::nanoseconds monotonic) {
  try {
    trigger.state = row.state.empty() ? Context{} : Context::from_json(row.state);
  } catch (Error const& error) {
    auto why = std::string{"its state cannot be read: "} + error.what();
    if (std::exchange(trigger.error, why) != why)
      log_error("cloacina: trigger '" + row.name + "' is not polled: " + why);
    return false;
  }
  trigger.id = row.id;
  trigger.stale = trigger.under_way != nullptr;
  trigger.found.reset();
  trigger.history = {};
  trigger.unsaid = trigger.urgent = false;
  trigger.error = row.error;
  trigger.polled_at = row.polled_at;
  trigger.next_poll = monotonic;
  std::chrono::nanoseconds const interval = trigger.definition->poll_interval.value();
  if (row.polled_at)
    trigger.next_poll +=
        std::clamp<std::chrono::nanoseconds>(*row.polled_at - now + interval, 0ns, interval);
  return true;
}

std::vector<ReadyTask> Triggers::begin_polls(Instant now, std::chrono::nanoseconds monotonic,
                                             std::uint32_t epoch) {
  std::vector<ReadyTask> polls;
  if (monotonic < next_turn_) return polls;
  for (std::size_t i = 0; i < triggers_.size(); ++i) {
    auto& trigger = triggers_[i];
    if (!is_idle(trigger) || trigger.next_poll > monotonic) continue;
    trigger.next_poll = monotonic + trigger.definition->poll_interval.value();
    std::erase_if(trigger.left_behind, [](auto const& poll) { return poll.expired(); });
    if (trigger.left_behind.size() >= most_left_behind) continue;
    trigger.polled_at = now;
    trigger.unsaid = true;
    trigger.under_way = std::make_shared<TriggerPoll>();
    trigger.under_way->trigger = trigger.definition;
    trigger.under_way->state = trigger.state;
    auto& ready = polls.emplace_back(ready_poll(trigger.under_way, config_.trigger_poll_timeout));
    ready.epoch = epoch;
    ready.execution.slot = static_cast<std::uint32_t>(i);
    ready.attempt = ++trigger.poll;
  }
  update_next_turn();
  return polls;
}

void Triggers::finished(FinishedTask&& poll, std::chrono::nanoseconds monotonic, bool stopping) {
  if (poll.execution.slot >= triggers_.size()) return;
  auto& trigger = triggers_[poll.execution.slot];
  if (poll.attempt != trigger.poll || !trigger.under_way) return;
  auto const came = std::exchange(trigger.under_way, nullptr);
  trigger.next_poll = std::max(trigger.next_poll, monotonic);
  bool const dropped = std::exchange(trigger.stale, false) || !trigger.mine;
  if (!poll.succeeded && !poll.not_started)
    trigger.left_behind.push_back(came);  // if it is not back
  if (dropped || poll.not_started || (stopping && !poll.succeeded)) return update_next_turn();
  if (!poll.succeeded) {
    failed(trigger, poll.text);
    return update_next_turn();
  }
  try {
    bool const changed = !(came->state == trigger.state);
    if (came->result.is_skip_result() && !changed) {
      trigger.history.interrupt();
      if (!trigger.error.empty()) to_write_ = trigger.urgent = true;
      trigger.error.clear();
      return update_next_turn();
    }
    auto const& name = came->trigger->workflow;
    auto const* const workflow = known_.latest(name);
    if (!workflow)
      throw ValidationError{"no workflow named '" + name + "' is known to this runner", name};
    trigger.found = found_by(*came, *workflow, *trigger.polled_at, config_.max_context_bytes,
                             environment_.new_id);
    trigger.found->state_changed = changed;
    to_write_ = true;
  } catch (Error const& error) {
    failed(trigger, error.what());
  }
  update_next_turn();
}

void Triggers::failed(Trigger& trigger, std::string_view text) {
  auto const why = to_storable_utf8(text, longest_error);
  if (trigger.error.empty())
    log_warning("cloacina: trigger '" + trigger.definition->name +
                "' could not be polled, and is polled on: " + why);
  trigger.error = why;
  trigger.history.note(FiringOutcome::failed, why, *trigger.polled_at);
  if (trigger.history.is_urgent()) to_write_ = trigger.urgent = true;
}

std::vector<std::string> Triggers::names_to_write(bool all) const {
  std::vector<std::string> names;
  std::size_t bytes = 0;
  for (auto const& trigger : triggers_) {
    if (!trigger.mine) continue;  // one that is being polled too: it may always be
    if (!trigger.found && !trigger.urgent && !(all && trigger.unsaid)) continue;
    names.push_back(trigger.definition->name);
    if (trigger.found)
      for (auto const& fire : trigger.found->fires) bytes += fire.input.size();
    if (one_by_one_ || names.size() >= most_written_at_once || bytes >= most_bytes_written) break;
  }
  return names;
}

Triggers::Stored Triggers::write(Committer& committer, Instant now,
                                 std::chrono::nanoseconds monotonic, bool all) {
  Stored stored;
  if ((!to_write_ && !all) || monotonic < not_before_) return stored;
  for (;;) {
    auto const names = names_to_write(all);
    if (names.empty()) {
      to_write_ = false;
      break;
    }
    if (!write_some(committer, now, monotonic, names, stored)) break;
  }
  update_next_turn();
  return stored;
}

void Triggers::give_up(Committer& committer) {
  bool any = false;
  for (auto const& trigger : triggers_) {
    if (trigger.under_way || (trigger.mine && trigger.found)) return;
    any = any || trigger.mine;
  }
  if (any && committer.release_triggers(names_))
    for (auto& trigger : triggers_) trigger.mine = false;
}

bool Triggers::write_some(Committer& committer, Instant now, std::chrono::nanoseconds monotonic,
                          std::vector<std::string> const& names, Stored& result) {
  struct Written {
    Trigger* trigger;
    bool suppressed = false;
    bool stored = false;  // else it is another runner's, or paused
    std::size_t executions = 0;
    PollHistory history;
  };
  std::vector<Written> written;
  auto const decide =
      [&](dal::ScheduleRow&& row,
          dal::UnfinishedHashes const& unfinished) -> std::optional<dal::ScheduleDecision> {
    auto& trigger = triggers_[by_name_.find(row.name)->second];
    auto& note = written.emplace_back(Written{&trigger, false, false, 0, trigger.history});
    if (row.paused || row.runner != committer.id() || row.id != trigger.id) return std::nullopt;
    note.stored = true;
    PollVerdict verdict{{std::move(row), {}, {}}, false};
    if (trigger.found)
      verdict = decide_poll(std::move(verdict.decision.row), *trigger.found,
                            trigger.definition->allow_concurrent, unfinished);
    auto& decision = verdict.decision;
    // What the trial arrivals must notice.
    static bool const forgetful = is_sabotaged("state_in_memory");
    if (forgetful) decision.row.state.clear();
    note.suppressed = verdict.suppressed;
    note.executions = decision.firings.size();
    if (verdict.suppressed)
      note.history.note(FiringOutcome::skipped, {}, *trigger.polled_at);
    else if (trigger.found)
      note.history.interrupt();
    decision.missed = note.history.unsaid();
    decision.row.error = trigger.found ? std::string{} : trigger.error;
    decision.row.polled_at = trigger.polled_at;
    return std::move(decision);
  };
  dal::Outcome outcome;
  auto const list = Json(names).dump();
  if (!committer.write_polls({.now = now, .names = list, .decide = decide}, outcome)) {
    auto const* const refused = std::get_if<dal::Refused>(&outcome);
    if (refused && !one_by_one_) return one_by_one_ = true;  // one of them is refused (R16)
    if (refused && !written.empty()) {
      auto& trigger = *written.front().trigger;
      trigger.found.reset();
      failed(trigger, "what it fires cannot be stored: " + refused->message);
    }
    not_before_ = monotonic + pause_after_refusal;
    return false;
  }
  ++result.transactions;
  // One without a row was deleted: nothing of it is left to be stored.
  for (auto const& name : names) {
    auto& trigger = triggers_[by_name_.find(name)->second];
    auto const is_it = [&](Written const& one) { return one.trigger == &trigger; };
    if (std::none_of(written.begin(), written.end(), is_it))
      written.push_back({&trigger, false, false, 0, {}});
  }
  for (auto& [trigger, suppressed, stored, made, history] : written) {
    auto const found = std::exchange(trigger->found, std::nullopt);
    trigger->unsaid = trigger->urgent = false;
    trigger->history = std::move(history);
    trigger->history.stored();
    trigger->mine = trigger->mine && stored;
    if (!stored) continue;
    result.executions += made;
    if (!found) continue;
    trigger->error.clear();
    if (!(suppressed && found->state_changed)) trigger->state = found->kept;
  }
  one_by_one_ = false;
  return true;
}

void Triggers::lose_all() {
  for (auto& trigger : triggers_) {
    trigger.mine = trigger.stale = false;
    if (trigger.under_way) trigger.left_behind.push_back(std::exchange(trigger.under_way, nullptr));
    trigger.found.reset();
    trigger.history = {};
    trigger.unsaid = trigger.urgent = false;
  }
  to_write_ = false;
  update_next_turn();
}

void Triggers::update_next_turn() noexcept {
  next_turn_ = std::chrono::nanoseconds::max();
  for (auto const& trigger : triggers_)
    if (is_idle(trigger)) next_turn_ = std::min(next_turn_, trigger.next_poll);
  if (to_write_) next_turn_ = std::min(next_turn_, not_before_);
}

}  // namespace cloacina::engine
