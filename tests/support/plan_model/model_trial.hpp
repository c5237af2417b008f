// One random execution, run through `plan` as the engine would run it and compared with the
// reference after each step.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/load.hpp"
#include "engine/plan.hpp"
#include "random_workflow.hpp"

namespace cloacina::engine::test {

/// The engine and the reference do not agree; `what()` says about what.
class Difference : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the trials of one test have met, so that it can be seen that they met everything.
struct Coverage {
  std::size_t tasks = 0, starts = 0, retries = 0, skips = 0, skips_by_failure = 0, crashes = 0,
              unknown_outcomes = 0, alone = 0, crashed_out = 0;
  std::size_t completed = 0, failed = 0, timed_out = 0, cancelled = 0;
};

/// The loop's part, without a database: groups of writes that are committed or lost, bodies that
/// end in any order, owners that die or leave, time that passes.
class ModelTrial {
 public:
  ModelTrial(std::uint64_t seed, Coverage& coverage);
  /// To the end of the execution. Throws `Difference`.
  void run();

 private:
  struct Body {
    TaskIndex task;
    std::uint32_t attempt;
    friend auto operator<=>(Body const&, Body const&) = default;
  };

  void take_step();
  void submit();
  void start_alone();
  void start_held();
  void end_a_body();
  void send_stale_event();
  void pass_time();
  void note_deadline();
  void cancel();
  void commit();
  void fail_by_takeover(dal::TaskRow& row, TaskIndex index, char const* error);
  void lose_owner();
  void load();

  void apply(Event&& event);
  void absorb(Action const& action);
  void start(TaskIndex task);
  void check_nothing_follows(Event&& event, char const* what);
  void note_waits();
  void check_tasks() const;
  void check_end() const;
  void check_attempt_rows() const;
  void count_end();
  void store();
  [[nodiscard]] std::string describe(TaskIndex task) const;

  Random random_;
  Coverage& coverage_;
  RandomWorkflow made_;
  Instant now_;
  PlanSettings settings_;

  ExecutionState state_;
  model::History history_;
  std::vector<Action> actions_;
  std::vector<Body> waiting_;       ///< may start after the commit
  std::vector<Body> bodies_;        ///< run
  std::optional<TaskIndex> alone_;  ///< the last chance of this one: nothing else starts
  std::map<TaskIndex, Instant> not_before_;
  std::set<TaskIndex> dirty_, told_;
  bool execution_dirty_ = true;
  bool finished_ = false;

  // What a database would hold.
  bool accepted_ = false;
  dal::ExecutionRow row_;
  std::map<std::string, dal::TaskRow> rows_;
  std::set<Body> failed_attempts_;
  std::size_t lost_attempts_ = 0;  ///< failed by a takeover, which leaves no row of an attempt
  model::History recorded_;
};

}  // namespace cloacina::engine::test
