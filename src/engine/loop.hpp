#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <cloacina/environment.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/runner_config.hpp>

#include "engine/bodies.hpp"
#include "engine/committer.hpp"
#include "engine/due_queue.hpp"
#include "engine/execution_table.hpp"
#include "engine/inbox.hpp"
#include "engine/known_workflows.hpp"
#include "engine/observations.hpp"
#include "engine/plan.hpp"
#include "engine/result.hpp"
#include "engine/scheduler.hpp"
#include "engine/triggers.hpp"

namespace cloacina::engine {

/// The engine: drains its inbox, lets `plan` decide, writes the whole pile in one transaction, and
/// releases what the transaction allowed. Owns all execution state of one runner.
///
/// `step` and the constructor belong to one thread; the engine thread is `while (loop.step(…)) {}`.
class Loop {
 public:
  struct Parts {
    Environment environment;
    DefaultRunnerConfig config;
    Registry::Snapshot workflows;
    std::vector<TriggerDefinition> triggers;
    backend::Database& database;
    Committer& committer;
    std::shared_ptr<Inbox> inbox;
    Bodies& bodies;
    Observations* observations = nullptr;  ///< null: nobody watches
    std::function<void()> committed;       ///< called after each commit
  };

  explicit Loop(Parts parts);

  /// One turn; sleeps at most `longest_wait` for something to do. False once ownership was
  /// released.
  bool step(std::chrono::nanoseconds longest_wait);
  /// When this engine wants its next turn if nothing comes before (monotonic).
  [[nodiscard]] std::chrono::nanoseconds next_turn();
  /// From any thread: give everything back as soon as the call of the database under way returns,
  /// whatever it says, and take no more turns. For a runner that waits for its engine no longer.
  void end_soon() noexcept { must_end_.store(true); }
  /// Others have announced something (R13): looks around at the next turn, which comes at once. Any
  /// thread.
  void hint() noexcept;
  /// This program has written past its engine: looks around too, and takes that for no sign of
  /// others. Any thread.
  void look_soon() noexcept;
  /// Called on the engine thread, when it is drained.
  void on_drained(std::function<void()> callback) { on_drained_ = std::move(callback); }

 private:
  /// What a commit allows.
  struct Release {
    enum class Kind : std::uint8_t { start, task_final, finish, accepted, run_fresh } kind;
    SlotRef execution{};
    TaskIndex task = 0;
    std::uint32_t attempt = 0;
    std::function<void()> callback{};  ///< of `task_final`, if the task has one
  };
  /// A body under way whose row does not say so yet.
  struct LazyMarker {
    SlotRef execution{};
    TaskIndex task = 0;
    std::uint32_t attempt = 0;
    std::chrono::nanoseconds due{};
  };

  /// A task that was under way each time that its runner was lost, and has one more chance (R9).
  struct Alone {
    SlotRef execution{};
    TaskIndex task = 0;
    bool started = false;
  };

  // loop.cpp: messages in
  void on_finished(FinishedTask&& finished);
  void on_request(Submission&& submission);
  void on_request(CancelRequest&& request);
  void on_request(LearnRequest&& request);
  void on_request(PollRequest&& request);
  void on_request(WatchRequest&& request);
  void on_request(CallbackReturned&& returned);
  /// To be handled in the next turn; declined if there will be none.
  void send_again(Request&& request);
  void on_request(DrainRequest&&);
  void take_start_back(Entry& entry, TaskIndex task, std::uint32_t attempt);
  void on_request(StopRequest&&) { stopping_ = true; }
  void on_request(ReleaseRequest&&);
  void heed_end() noexcept;
  void on_time();
  void decide(Entry& entry, Event&& event);
  void note_action(Entry& entry, Action const& action);
  void mark_dirty(Entry& entry);
  void update_capacity(Entry& entry);
  [[nodiscard]] std::size_t free_capacity() const;
  void measure_pace();
  /// A part of the capacity: the bodies of one part run while the next is claimed.
  [[nodiscard]] std::size_t claimed_at_once() const noexcept {
    return std::max<std::size_t>(1, config_.max_active_executions / 4);
  }
  void check_drained();
  void serve_held();
  [[nodiscard]] bool alone_is_over();
  [[nodiscard]] bool choose_alone();

  // loop_commit.cpp: batch out, release
  void queue_lazy_markers();
  void commit_and_release();
  void build_batch(std::vector<Entry*>& entries);
  /// Returns about how many bytes they are.
  std::size_t add_rows(Entry& entry);
  void written(Entry& entry);
  bool commit_batch(std::vector<Entry*> const& entries);
  void commit_one_by_one(std::vector<Entry*> const& entries);
  void drop_batch(dal::Refused const& refused);
  void lose_hold(Committer::Result const& result);
  void stop_at_damage(Committer::Damaged const& damaged);
  /// What became of storing the failure.
  [[nodiscard]] Committer::Result refuse(Entry& entry, dal::Refused const& refused);
  void fail_unstored(Entry& entry, std::string error);
  void release_all();
  void start_body(Entry& entry, TaskIndex task, std::vector<ReadyTask>& ready);
  void start_bodies(std::vector<ReadyTask>& ready);
  template <class Read>
  auto read_patiently(Read&& read);
  void not_inserted(Entry& entry);
  void finish(Entry& entry);
  void answer(Entry& entry);
  void observe(Entry const& entry, Action const& action);

  // loop_ownership.cpp: other runners
  void listen();
  [[nodiscard]] bool others_have_written();
  void look_around(std::size_t watched);
  void warn_of_strangers();
  void warn_of(std::string const& what_waits, std::string const& workflow);
  void outgrown_by(std::int64_t schema_version);
  void apply_requests();
  void fire_schedules();
  void poll_triggers();
  void store_polls();
  void adopt(dal::ExecutionRows&& found);
  void adopt(dal::ExecutionRow&& row);
  void give_up(ExecutionId id, std::string const& why);
  void reconcile();
  void declared_dead();
  void watch(std::shared_ptr<Completion> completion);
  void ask_for_watched(std::size_t most);
  void ask_for(ExecutionId id);
  using Watched = std::map<ExecutionId, std::vector<std::shared_ptr<Completion>>>;
  /// Answers those who watch it if it has ended; returns the one behind it.
  Watched::iterator look_at(Watched::iterator watched);
  // Without an error: an orderly end.
  void give_back_everything(std::exception_ptr error = nullptr, bool outcome_known = true);

  Environment environment_;
  DefaultRunnerConfig config_;
  backend::Database& database_;
  Committer& committer_;
  std::shared_ptr<Inbox> inbox_;
  Bodies& bodies_;
  Observations* observations_;
  std::function<void()> committed_;
  PlanSettings plan_settings_;
  KnownWorkflows known_;
  Scheduler scheduler_;
  Triggers triggers_;

  ExecutionTable table_;
  DueQueue due_;
  std::vector<Entry*> dirty_;
  std::vector<Release> releases_;
  std::deque<LazyMarker> markers_;
  std::vector<SlotRef> held_;   // executions with tasks that may not start now
  std::optional<Alone> alone_;  // while it waits for the others to end, and while it runs
  dal::Batch batch_;
  std::vector<dal::UnreadableRow> unreadable_;            // owned, to be stored as Failed
  std::vector<dal::ControlRequestRow> unowned_requests_;  // to be applied by anybody
  std::vector<dal::WorkflowDefinitionRow> learned_;       // and not stored yet
  dal::ExecutionRows claimed_;  // by the last batch, not taken into the table yet
  Watched watched_;             // executions of others, or of nobody
  ExecutionId last_asked_{};    // they are looked at in turns
  std::vector<Observation> seen_;

  Instant now_{};
  std::chrono::nanoseconds mono_{};
  std::chrono::nanoseconds next_look_{};
  std::chrono::nanoseconds next_listen_{};
  std::chrono::nanoseconds next_warning_{};
  std::set<std::string> warned_of_;                     // "name@version", and "name" of schedules
  std::optional<std::chrono::nanoseconds> last_heard_;  // that others have written
  std::uint32_t epoch_ = 0;
  std::size_t busy_ = 0;             // executions with a task Ready or Running
  std::size_t ended_in_moment_ = 0;  // bodies
  std::size_t ended_per_moment_ = 0;
  std::chrono::nanoseconds moment_begun_{};
  std::size_t bodies_out_ = 0;  // handed over and not reported back
  std::size_t others_alive_ = 0;
  std::atomic<bool> hinted_{false};     // that others have announced something
  std::atomic<bool> look_soon_{false};  // that this program has written
  bool claim_wanted_ = false;
  bool draining_ = false;
  bool stopping_ = false;  // bodies were asked to stop for the shutdown
  bool release_wanted_ = false;
  std::string outgrown_;  // why this library is too old for its database
  bool stopped_ = false;
  std::atomic<bool> must_end_{false};
  std::atomic<bool> drained_{false};
  std::function<void()> on_drained_;

  std::vector<FinishedTask> finished_;  // reused
  std::vector<Request> requests_;       // reused
  std::vector<Action> actions_;         // reused
};

}  // namespace cloacina::engine
