#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include <cloacina/environment.hpp>

#include "backend/database.hpp"
#include "dal/batch.hpp"
#include "dal/firings.hpp"
#include "dal/runners.hpp"
#include "dal/trigger_firings.hpp"

namespace cloacina::engine {

/// The runner's identity towards the database, and the only one who writes under it: numbers its
/// transactions, repeats what must be repeated, and finds out what became of a commit whose answer
/// was lost (R1, R8, R16).
///
/// One thread, except `give_up`.
class Committer {
 public:
  struct Settings {
    dal::RunnerRow row;  ///< the id is made anew
    std::vector<dal::WorkflowDefinitionRow> definitions;
    std::chrono::milliseconds lease{};
    std::uint32_t max_crashes = 5;
  };
  struct Dead {};  ///< declared dead by another runner: nothing was written, `enroll` again
  /// `give_up` was called while the database did not answer.
  struct GaveUp {
    bool outcome_known = true;  ///< nothing was stored
  };
  using Refused = dal::Refused;
  using Damaged = dal::Damaged;
  using Result = std::variant<dal::Committed, Dead, GaveUp, Damaged, Refused>;

  Committer(Settings settings, Environment const& environment, backend::Database& database);

  /// Registers this runner under a new id; throws what the database says. May be called again then.
  void enroll();
  /// What a later `enroll` tells of as well, and all that it tells of.
  void learn(dal::WorkflowDefinitionRow definition, std::string known);
  /// Blocks until the outcome is known. `Committed::not_inserted` is filled also where the answer
  /// was lost.
  [[nodiscard]] Result commit(dal::Batch const& batch);
  /// R2; false if this runner itself is dead or the database does not answer now: try again later.
  [[nodiscard]] bool take_over(Instant now, dal::TakeoverResult& result);
  /// R14; false if it was not made, or that is not known: look again later.
  [[nodiscard]] bool fire(dal::FireRequest const& request, dal::FireResult& result);
  /// The same for what polls of triggers have found.
  [[nodiscard]] bool write_polls(dal::PollRequest const& request, dal::Outcome& outcome);
  /// The triggers of these names that nobody polls are polled by this runner; false: as above.
  [[nodiscard]] bool claim_triggers(std::string_view names);
  /// Those that this runner polls are polled by nobody; false: as above.
  [[nodiscard]] bool release_triggers(std::string_view names);
  /// The last transaction under this id; false if it could not be made.
  bool release(Instant now);

  /// Waits a little longer after each failure in a row; false once `give_up` was called.
  [[nodiscard]] bool pause_after(std::string const& trouble) { return back_off(trouble); }

  /// Ends the waits of a `commit` under way and of all later ones. From any thread.
  void give_up() noexcept;

  [[nodiscard]] bool renewal_due(std::chrono::nanoseconds monotonic) const noexcept;
  [[nodiscard]] std::chrono::nanoseconds next_renewal() const noexcept;
  /// R6: when the lease ends, reckoned from before the last renewal was sent.
  [[nodiscard]] std::chrono::nanoseconds lease_end() const noexcept;
  /// R7.
  [[nodiscard]] bool may_take_over(std::chrono::nanoseconds monotonic) const noexcept;
  /// After an unknown outcome or a reconnect the memory must be compared with the table (R3);
  /// resets itself.
  [[nodiscard]] bool take_reconcile_wanted() noexcept;
  [[nodiscard]] dal::RunnerId id() const noexcept { return settings_.row.id; }
  /// The engine's session, between two transactions.
  [[nodiscard]] backend::Session& session();
  void session_failed() noexcept;
  /// The same; remembers damage.
  void session_failed(Error const& error);
  /// Met by a read or a takeover; `commit` returns it.
  [[nodiscard]] std::optional<Damaged> const& damage() const noexcept { return damage_; }

 private:
  [[nodiscard]] dal::Fence fence() const noexcept;
  /// A transaction beside the batches; true if it was made.
  template <class Make>
  [[nodiscard]] bool beside_batches(dal::Outcome& outcome, Make&& make);
  [[nodiscard]] bool settle(dal::Outcome const& outcome, std::chrono::nanoseconds sent);
  void renewed(std::chrono::nanoseconds sent) noexcept;
  /// What the own row says of number `commit_seq_ + 1`.
  enum class Fate { applied, not_applied, dead, unreachable };
  [[nodiscard]] Fate read_fate();
  /// Nothing if it could not be read.
  [[nodiscard]] std::optional<dal::Committed> committed_by_reading(dal::Batch const& batch);
  /// False: give up.
  [[nodiscard]] bool back_off(std::string const& why);

  Settings settings_;
  Environment const& environment_;
  backend::Database& database_;
  std::unique_ptr<backend::Session> session_;
  std::optional<dal::RunnerId> enrolling_;  // what `enroll` has not had an answer for
  std::uint64_t commit_seq_ = 0;
  std::chrono::nanoseconds last_renewal_{};
  std::chrono::nanoseconds no_takeover_before_{};
  bool reconcile_wanted_ = false;
  bool unsettled_ = false;  // the number after `commit_seq_` may be a takeover's
  unsigned failures_ = 0;   // in a row
  std::optional<Damaged> damage_;

  std::mutex mutex_;
  std::condition_variable gave_up_changed_;
  bool gave_up_ = false;
};

}  // namespace cloacina::engine
