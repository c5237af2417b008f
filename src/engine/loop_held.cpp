// The last chance of a task whose runners were lost under it (R9): it runs alone, so that a crash
// says something about it and about nobody else.
#include <algorithm>
#include <utility>

#include "engine/log.hpp"
#include "engine/loop.hpp"

namespace cloacina::engine {

void Loop::serve_held() {
  if (stopped_ || draining_) return;
  if (alone_ && alone_is_over()) alone_.reset();
  if (!alone_ && !choose_alone()) {
    plan_settings_.hold_starts = false;
    for (auto const ref : std::exchange(held_, {})) {
      auto* entry = table_.find(ref);
      if (!entry) continue;
      entry->held = false;
      decide(*entry, StartHeld{});
    }
    return;
  }
  // What was to start before is under way, and its results are being stored: all of it ends first.
  if (alone_->started || bodies_out_ > 0 || !releases_.empty()) return;
  auto* entry = table_.find(alone_->execution);
  log_warning("cloacina: task '" + entry->state.workflow->tasks[alone_->task].id +
              "' of execution " + entry->state.id.to_string() +
              " runs alone: its runner was lost " +
              std::to_string(entry->state.tasks[alone_->task].crashes) + " times while it ran");
  alone_->started = true;
  decide(*entry, StartAlone{alone_->task});
}

/// Over is what is recorded, not what has returned; or its execution ended before it began.
bool Loop::alone_is_over() {
  auto const* entry = table_.find(alone_->execution);
  if (!entry) return true;
  auto const& held = entry->state.held;
  if (!alone_->started) return std::find(held.begin(), held.end(), alone_->task) == held.end();
  auto const& task = entry->state.tasks[alone_->task];
  return task.status != TaskStatus::running && !task.dirty;
}

bool Loop::choose_alone() {
  for (auto const ref : held_) {
    auto const* entry = table_.find(ref);
    if (!entry) continue;
    for (auto const index : entry->state.held) {
      if (entry->state.tasks[index].crashes + 1 < plan_settings_.max_crashes) continue;
      alone_ = Alone{ref, index, false};
      plan_settings_.hold_starts = true;
      return true;
    }
  }
  return false;
}

}  // namespace cloacina::engine
