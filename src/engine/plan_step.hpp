#pragma once

#include "engine/plan.hpp"

namespace cloacina::engine {

/// One call of `plan`: the state that it changes and the list that it fills. Spread by concern over
/// plan_start.cpp, plan_task.cpp and plan_end.cpp.
class PlanStep {
 public:
  PlanStep(ExecutionState& state, Instant now, PlanSettings const& settings,
           std::vector<Action>& actions) noexcept
      : state_(state),
        workflow_(*state.workflow),
        settings_(settings),
        actions_(actions),
        now_(now) {}

  void on(Submitted);
  void on(Loaded);
  void on(TimeDue);
  void on(StartHeld);
  void on(StartAlone event);
  void on(TaskSucceeded&& event);
  void on(TaskFailed&& event);
  void on(CancelRequested&& event);

 private:
  // plan_start.cpp: what runs, and when
  void begin();
  void evaluate_all();
  void resume(TaskIndex index);
  void start(TaskIndex index);
  void run(TaskIndex index);
  void start_at(TaskIndex index, Instant when);
  void start_due();

  // plan_task.cpp: a task ends, and others become possible
  [[nodiscard]] TaskState* running(TaskIndex index, std::uint32_t attempt) noexcept;
  void retry(TaskIndex index);
  void fail(TaskIndex index, std::string&& error);
  void close(TaskIndex index, TaskStatus status);
  void decide(TaskIndex index);
  void tell_dependents(TaskIndex index);
  void tell_all_dependents();
  void keep_attempt(TaskIndex index, TaskStatus status, std::string const& error);

  // plan_end.cpp: the execution ends
  void end_if_done();
  void cancel_unfinished(std::string const& reason);
  void end(WorkflowStatus status, std::string&& error);
  void time_out();
  [[nodiscard]] bool past_deadline() const noexcept {
    return state_.deadline && *state_.deadline <= now_;
  }

  void write_task(TaskIndex index);
  void write_execution();
  void act(Action::Kind kind, TaskIndex index = 0) { actions_.push_back({kind, index}); }

  ExecutionState& state_;
  detail::WorkflowData const& workflow_;
  PlanSettings const& settings_;
  std::vector<Action>& actions_;
  Instant now_;
  bool execution_written_ = false;
  /// Tasks that became final without having run, whose dependents have yet to be told. A list, not
  /// recursion: a chain of 10 000 skips must not use up the stack.
  std::vector<TaskIndex> untold_;
};

}  // namespace cloacina::engine
