// An execution on the table: send it events, see what it decides.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan.hpp"
#include "support/plan_model/test_workflow.hpp"

namespace cloacina::engine::test {

class Planning {
 public:
  explicit Planning(std::shared_ptr<detail::WorkflowData const> workflow, Context input = {})
      : state(accept(ExecutionId{1, 2}, std::move(workflow), std::move(input), start)) {
    settings.random = [] { return 0.5; };
  }
  explicit Planning(ExecutionState restored) : state(std::move(restored)) {
    settings.random = [] { return 0.5; };
  }

  Planning& send(Event event) {
    actions.clear();
    plan(state, std::move(event), now, settings, actions);
    return *this;
  }
  Planning& submit() { return send(Submitted{}); }
  Planning& succeed(std::string const& id, Context set = {},
                    std::vector<std::string> removed = {}) {
    detail::ContextDelta delta{std::move(set), std::move(removed)};
    std::string text = delta.to_json();
    return send(TaskSucceeded{index(id), task(id).attempt, std::move(delta), std::move(text)});
  }
  Planning& fail(std::string const& id, std::string error = "broken", bool retryable = true) {
    return send(TaskFailed{index(id), task(id).attempt, std::move(error), retryable});
  }
  /// `TimeDue` after so much time.
  Planning& wait(std::chrono::microseconds time) {
    now += time;
    return send(TimeDue{});
  }

  [[nodiscard]] TaskIndex index(std::string const& id) const {
    TaskIndex i = 0;
    while (state.workflow->tasks.at(i).id != id) ++i;
    return i;
  }
  [[nodiscard]] TaskState const& task(std::string const& id) const {
    return state.tasks[index(id)];
  }
  [[nodiscard]] TaskStatus status(std::string const& id) const { return task(id).status; }
  [[nodiscard]] std::string given(std::string const& id) const {
    return task(id).context.values().to_json();
  }

  /// Ids of the tasks that the last event's actions of this kind are about, in their order.
  [[nodiscard]] std::vector<std::string> about(Action::Kind kind) const {
    std::vector<std::string> ids;
    for (Action const& action : actions) {
      if (action.kind == kind) ids.push_back(state.workflow->tasks[action.task].id);
    }
    return ids;
  }
  [[nodiscard]] std::vector<std::string> started() const { return about(Action::Kind::start_task); }
  [[nodiscard]] std::vector<std::string> written() const { return about(Action::Kind::write_task); }
  [[nodiscard]] std::vector<std::string> stopped() const { return about(Action::Kind::stop_task); }
  [[nodiscard]] std::vector<std::string> final() const { return about(Action::Kind::task_final); }
  [[nodiscard]] std::size_t count(Action::Kind kind) const { return about(kind).size(); }

  static constexpr Instant start{std::chrono::seconds{1'700'000'000}};

  ExecutionState state;
  Instant now = start;
  PlanSettings settings;
  std::vector<Action> actions;
};

using Ids = std::vector<std::string>;

}  // namespace cloacina::engine::test
