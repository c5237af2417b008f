#include "engine/plan.hpp"

#include <algorithm>
#include <utility>

#include "engine/context_flow.hpp"
#include "engine/plan_step.hpp"

namespace cloacina::engine {

void plan(ExecutionState& state, Event&& event, Instant now, PlanSettings const& settings,
          std::vector<Action>& actions) {
  if (is_final(state.status)) return;
  PlanStep step(state, now, settings, actions);
  std::visit([&](auto& what) { step.on(std::move(what)); }, event);
}

std::optional<Instant> next_due(ExecutionState const& state) noexcept {
  if (state.status == WorkflowStatus::pending) return state.start_after;
  if (state.status != WorkflowStatus::running) return std::nullopt;
  if (state.waits.empty()) return state.deadline;
  Instant const earliest = state.waits.front().until;
  return state.deadline ? std::min(*state.deadline, earliest) : earliest;
}

ExecutionState accept(ExecutionId id, std::shared_ptr<detail::WorkflowData const> workflow,
                      Context input, Instant now) {
  ExecutionState state;
  state.id = id;
  state.workflow = std::move(workflow);
  state.input = std::move(input);
  state.created_at = now;
  state.tasks.resize(state.workflow->tasks.size());
  derive_contexts(state);
  return state;
}

void PlanStep::write_task(TaskIndex index) {
  Action const write{Action::Kind::write_task, index};
  if (actions_.empty() || actions_.back() != write) actions_.push_back(write);
}

void PlanStep::write_execution() {
  if (!std::exchange(execution_written_, true)) act(Action::Kind::write_execution);
}

}  // namespace cloacina::engine
