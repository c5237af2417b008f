#include "engine/context_flow.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace cloacina::engine {
namespace {

/// Pointers to the contexts to merge; most joins are narrow, and then it needs no allocation.
class Parents {
 public:
  explicit Parents(std::size_t size) : many_(size > few_.size() ? size : 0), size_(size) {}

  CausalContext const*& operator[](std::size_t i) noexcept { return data()[i]; }
  [[nodiscard]] std::span<CausalContext const* const> all() noexcept { return {data(), size_}; }

 private:
  CausalContext const** data() noexcept { return many_.empty() ? few_.data() : many_.data(); }

  std::array<CausalContext const*, 16> few_{};
  std::vector<CausalContext const*> many_;
  std::size_t size_;
};

/// A callback is shown its task's context after everybody has taken it.
bool has_callback(TaskDefinition const& task) noexcept {
  return static_cast<bool>(task.on_success) || static_cast<bool>(task.on_failure);
}

/// True if that was the last dependent, so that the context may go.
bool count_taken(ExecutionState& state, TaskIndex from) noexcept {
  return --state.tasks[from].untaken == 0 && !has_callback(state.workflow->tasks[from]);
}

}  // namespace

void take_context(ExecutionState& state, TaskIndex task) {
  auto const& dependencies = state.workflow->dependencies[task];
  CausalContext& given = state.tasks[task].context;
  if (dependencies.size() == 1) {
    CausalContext& from = state.tasks[dependencies.front()].context;
    if (count_taken(state, dependencies.front())) {
      given = std::exchange(from, {});
    } else {
      given = from;
    }
    return;
  }
  Parents parents(dependencies.size());
  for (std::size_t i = 0; i < dependencies.size(); ++i)
    parents[i] = &state.tasks[dependencies[i]].context;
  given = CausalContext::merge(parents.all(), state.workflow->dependencies);
  for (TaskIndex const from : dependencies) {
    if (count_taken(state, from)) state.tasks[from].context = {};
  }
}

void derive_contexts(ExecutionState& state) {
  auto const& workflow = *state.workflow;
  // One for all roots: contexts that share it are merged without being compared.
  auto const input = CausalContext::from_input(state.input);
  state.unfinished = 0;
  for (TaskIndex i = 0; i < state.tasks.size(); ++i) {
    TaskState& task = state.tasks[i];
    auto const& dependencies = workflow.dependencies[i];
    task.untaken = static_cast<std::uint32_t>(workflow.dependents[i].size());
    task.waiting_for = static_cast<std::uint32_t>(
        std::count_if(dependencies.begin(), dependencies.end(),
                      [&](TaskIndex d) { return !is_final(state.tasks[d].status); }));
    if (!is_final(task.status)) ++state.unfinished;
    if (task.waiting_for > 0) continue;
    if (dependencies.empty()) {
      task.context = input;
    } else {
      take_context(state, i);
    }
    if (task.status == TaskStatus::completed) task.context.apply(i, task.delta);
  }
}

Context final_context(ExecutionState const& state) {
  auto const& dependents = state.workflow->dependents;
  std::vector<CausalContext const*> leaves;
  for (TaskIndex i = 0; i < state.tasks.size(); ++i) {
    if (dependents[i].empty()) leaves.push_back(&state.tasks[i].context);
  }
  if (leaves.size() == 1) return leaves.front()->values();
  return CausalContext::merge(leaves, state.workflow->dependencies).values();
}

}  // namespace cloacina::engine
