#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/environment.hpp>
#include <cloacina/runner_config.hpp>

#include "engine/committer.hpp"
#include "engine/known_workflows.hpp"
#include "engine/trigger_poll.hpp"

namespace cloacina::engine {

/// The event triggers that this program knows: claims those that nobody polls, polls them when they
/// are due, and stores what they fire (R14). One thread, the engine's.
class Triggers {
 public:
  Triggers(DefaultRunnerConfig const& config, Environment const& environment,
           KnownWorkflows const& known)
      : config_(config), environment_(environment), known_(known) {}

  /// Replaces one of the same name.
  void add(std::shared_ptr<TriggerDefinition const> definition);
  /// When it wants its turn (monotonic).
  [[nodiscard]] std::chrono::nanoseconds next_turn() const noexcept { return next_turn_; }
  /// Asks the database which of them are this runner's, and claims those that nobody polls.
  void look(Committer& committer, Instant now, std::chrono::nanoseconds monotonic);
  /// The polls that are due: to be run now.
  [[nodiscard]] std::vector<ReadyTask> begin_polls(Instant now, std::chrono::nanoseconds monotonic,
                                                   std::uint32_t epoch);
  /// A poll has come back. `stopping`: what it failed with is that it was asked to stop.
  void finished(FinishedTask&& poll, std::chrono::nanoseconds monotonic, bool stopping);
  struct Stored {
    std::size_t transactions = 0;
    std::size_t executions = 0;  ///< that were made, for anybody to claim
  };
  /// Stores what was found, and with `all` what can wait: when a trigger was polled last.
  Stored write(Committer& committer, Instant now, std::chrono::nanoseconds monotonic, bool all);
  /// Others may poll from now on, once nothing is under way or to be stored. For a runner that
  /// ends.
  void give_up(Committer& committer);
  /// Somebody has taken over: they poll on.
  void lose_all();

 private:
  struct Trigger {
    std::shared_ptr<TriggerDefinition const> definition;
    bool mine = false;  // and enabled
    ScheduleId id{};    // of the row that is; it may be deleted, and registered again
    Context state;
    std::string error;
    std::optional<Instant> polled_at;
    std::chrono::nanoseconds next_poll{};
    std::uint32_t poll = 0;                  // number of the latest
    std::shared_ptr<TriggerPoll> under_way;  // null: none
    bool stale = false;  // what it comes to is dropped: it began before the trigger was taken on
    std::vector<std::weak_ptr<TriggerPoll>> left_behind;  // over their time, and not back
    std::optional<FoundByPoll> found;                     // it is not polled before that is stored
    PollHistory history;
    bool unsaid = false;  // that it was polled, and what became of it
    bool urgent = false;  // what became of it is news
  };

  [[nodiscard]] bool is_idle(Trigger const& trigger) const noexcept {
    return trigger.mine && !trigger.under_way && !trigger.found && !trigger.urgent;
  }
  /// False: what is stored of it cannot be read.
  [[nodiscard]] bool take_on(Trigger& trigger, dal::ScheduleRow const& row, Instant now,
                             std::chrono::nanoseconds monotonic);
  void failed(Trigger& trigger, std::string_view text);
  void update_next_turn() noexcept;
  [[nodiscard]] std::vector<std::string> names_to_write(bool all) const;
  /// False: nothing more is to be tried now.
  bool write_some(Committer& committer, Instant now, std::chrono::nanoseconds monotonic,
                  std::vector<std::string> const& names, Stored& stored);

  DefaultRunnerConfig const& config_;
  Environment const& environment_;
  KnownWorkflows const& known_;
  std::vector<Trigger> triggers_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::string names_ = "[]";  // a JSON list
  std::chrono::nanoseconds next_turn_ = std::chrono::nanoseconds::max();
  std::chrono::nanoseconds not_before_{};  // after a transaction that could not be made
  bool to_write_ = false;                  // something that does not wait
  bool one_by_one_ = false;                // after a refusal: the others are stored
};

}  // namespace cloacina::engine
