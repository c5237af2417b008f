#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <cloacina/environment.hpp>
#include <cloacina/runner_config.hpp>

#include "dal/firings.hpp"
#include "engine/committer.hpp"
#include "engine/known_workflows.hpp"

namespace cloacina::engine {

/// Fires cron schedules when they are due (R14): knows the next due instant of all of them, and
/// asks the database for no more until it has come. One thread, the engine's.
class Scheduler {
 public:
  Scheduler(DefaultRunnerConfig const& config, Environment const& environment,
            KnownWorkflows const& known)
      : config_(config), environment_(environment), known_(known) {}

  /// When it wants its turn (wall clock); nothing: nothing is scheduled, or all is.
  [[nodiscard]] std::optional<Instant> next_due() const noexcept { return next_due_; }
  /// After a failure: not before (monotonic).
  [[nodiscard]] std::chrono::nanoseconds not_before() const noexcept { return not_before_; }
  /// Asks the database when that is: others may have registered, paused, fired.
  void look(backend::Session& session);
  /// Fires what is due. Returns how many executions were made, for anybody to claim.
  std::size_t fire(Committer& committer, Instant now, std::chrono::nanoseconds monotonic);

 private:
  [[nodiscard]] dal::ScheduleDecision decide(dal::ScheduleRow&& row, bool unfinished,
                                             std::optional<Instant> queued, Instant now) const;
  void hold_up(Committer& committer, ScheduleId id, std::string const& why, Instant now);

  DefaultRunnerConfig const& config_;
  Environment const& environment_;
  KnownWorkflows const& known_;
  std::optional<Instant> next_due_;
  std::chrono::nanoseconds not_before_{};
  std::size_t limit_ = most_at_once;  // 1 after a refusal: the others fire
  static constexpr std::size_t most_at_once = 500;
};

}  // namespace cloacina::engine
