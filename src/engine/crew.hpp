#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cloacina::engine {

/// The threads that run synchronous bodies and callbacks, of one runner or of many.
///
/// They go from one place with work to the next, in turns. A thread that code of users does not
/// give back is replaced; as many may be stuck at a time as there are threads. Thread-safe. Who has
/// made it shuts it down: its threads keep it alive until then.
class Crew : public std::enable_shared_from_this<Crew> {
 public:
  using Clock = std::chrono::steady_clock;

  /// A thread of the crew. `abandoned`: it ends as soon as it comes back; another one is in its
  /// place.
  struct Member {
    std::atomic<bool> abandoned{false};
    std::thread thread{};  // this and the next: guarded by the crew
    bool ended = false;
  };

  /// Where work comes from: what one runner has for the crew.
  class Site {
   public:
    virtual ~Site() = default;
    /// Works there until nothing is left to do for this thread, or it `is_wanted_elsewhere`.
    virtual void work(Member& member) = 0;
    /// Whether one more thread would find something to do. A hint: whoever makes it true calls
    /// `call` afterwards.
    [[nodiscard]] virtual bool has_work() const noexcept = 0;

   private:
    friend class Crew;
    std::atomic<bool> listed_{false};  // written under the crew's lock
  };

  /// Throws `ConfigurationError` if the system refuses that many threads.
  [[nodiscard]] static std::shared_ptr<Crew> make(std::size_t threads);
  Crew(Crew const&) = delete;
  Crew& operator=(Crew const&) = delete;

  /// There is work at the site for so many threads.
  void call(std::shared_ptr<Site> const& site, std::size_t threads);
  /// Whether a thread that has been at the site since `arrived` should leave what it finds there to
  /// others: because more threads than wanted are there, or another site has waited for a moment.
  [[nodiscard]] bool is_wanted_elsewhere(Site const& site, Clock::time_point arrived) const {
    return (surplus_.load(std::memory_order_relaxed) > 0 ||
            listed_.load(std::memory_order_relaxed) > (site.listed_.load() ? 1U : 0U)) &&
           is_wanted_elsewhere_now(arrived);
  }
  /// One thread more, for one that waits for something that needs a worker, until `take_back`.
  /// False: the system refuses it for now; see `start_missing`.
  bool lend();
  void take_back();
  /// The thread is with code of users that does not return: it is left behind, and another one is
  /// missing until `start_missing`. False: it keeps its place, because as many are stuck already as
  /// there are threads.
  [[nodiscard]] bool leave_behind(Member& member);
  /// Starts what is missing, also because the system has refused it; when to ask once more.
  [[nodiscard]] std::optional<Clock::time_point> start_missing(Clock::time_point now);

  /// Does what is left to do, joins the threads that end by `deadline`, and leaves the others
  /// behind.
  void shut_down(Clock::time_point deadline);

 private:
  explicit Crew(std::size_t threads) : threads_(threads) {}
  bool add();
  void work(Member& member);
  [[nodiscard]] std::shared_ptr<Site> next();
  [[nodiscard]] bool is_wanted_elsewhere_now(Clock::time_point arrived) const;
  /// With the lock: those that have ended, to be joined without it.
  [[nodiscard]] std::vector<std::thread> take_ended();

  std::size_t const threads_;
  std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable thread_ended_;
  std::deque<std::shared_ptr<Site>> sites_;  // that may have work, in turns
  std::vector<std::shared_ptr<Member>> members_;
  std::size_t idle_ = 0;
  std::size_t left_behind_ = 0;          // that have not come back
  std::size_t missing_ = 0;              // left behind, or refused by the system
  std::atomic<std::size_t> surplus_{0};  // that shall end: what was lent came back
  std::atomic<std::size_t> listed_{0};   // sites_.size(), for who looks without the lock
  bool stop_ = false;                    // threads end where nothing is left to do
  bool over_ = false;                    // they were waited for
};

}  // namespace cloacina::engine
