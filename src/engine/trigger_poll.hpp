#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/trigger_definition.hpp>
#include <cloacina/workflow.hpp>

#include "dal/trigger_firings.hpp"
#include "engine/messages.hpp"

namespace cloacina::engine {

/// One poll of a trigger, shared with its body: what it is given, and what it comes to.
struct TriggerPoll {
  std::shared_ptr<TriggerDefinition const> trigger;
  Context state;
  TriggerResult result = TriggerResult::skip();
};

/// The poll as a body that may start. `limit` 0: none.
[[nodiscard]] ReadyTask ready_poll(std::shared_ptr<TriggerPoll> poll,
                                   std::chrono::milliseconds limit);

/// What a poll has found, and is not stored yet. Stays the same however often it is tried.
struct FoundByPoll {
  Instant at{};
  std::string workflow;                 ///< whatever the trigger's row says by now
  std::vector<dal::FiringWrite> fires;  ///< without their instants
  Context kept;                         ///< its state from then on
  std::string state;                    ///< the same as JSON
  bool state_changed = false;
};

/// So much fires by one poll: it is one transaction.
inline constexpr std::size_t most_fires = 10'000;
inline constexpr std::size_t most_fired_bytes = std::size_t{64} << 20;

/// Of equal contexts one fires, unless the trigger fires concurrently. Throws `ValidationError` if
/// the workflow takes other inputs, one is too large, or all together are.
[[nodiscard]] FoundByPoll found_by(TriggerPoll const& poll, Workflow const& workflow, Instant at,
                                   std::size_t max_context_bytes,
                                   std::function<ExecutionId()> const& new_id);

/// What becomes of it, under a lock of the trigger's row.
struct PollVerdict {
  dal::ScheduleDecision decision;
  bool suppressed = false;  ///< some or all of it: executions with the same input are unfinished
};
[[nodiscard]] PollVerdict decide_poll(dal::ScheduleRow&& row, FoundByPoll const& found,
                                      bool allow_concurrent,
                                      dal::UnfinishedHashes const& unfinished);

/// Polls in a row that have come to the same, other than a fire or nothing: lines of the history,
/// each with its latest reason.
class PollHistory {
 public:
  void note(FiringOutcome outcome, std::string_view reason, Instant at);
  /// The next one begins another line.
  void interrupt() noexcept { open_ = false; }
  /// What has not been stored; a line that goes on is told again, grown.
  [[nodiscard]] std::vector<dal::MissWrite> const& unsaid() const noexcept { return lines_; }
  /// Whether a line began that is not stored.
  [[nodiscard]] bool is_urgent() const noexcept { return urgent_; }
  void stored();

 private:
  std::vector<dal::MissWrite> lines_;  // the last one grows while `open_`
  bool open_ = false;
  bool urgent_ = false;
};

}  // namespace cloacina::engine
