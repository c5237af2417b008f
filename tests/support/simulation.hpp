#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <cloacina/environment.hpp>

namespace cloacina::test {

/// A world for runners in one thread: a clock that moves only when nothing else can happen, and an
/// order of events that is drawn from a seed. The same seed and the same calls give the same
/// history.
///
/// Each runner lives in a process of its own, named by the test, which can be stopped, resumed and
/// killed as the operating system would. Runners must be gone before the simulation is. One thread.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);
  ~Simulation();
  Simulation(Simulation const&) = delete;
  Simulation& operator=(Simulation const&) = delete;

  /// The world as a runner in `process` sees it.
  [[nodiscard]] Environment environment(std::string const& process = "runner");

  [[nodiscard]] Instant now() const noexcept;
  [[nodiscard]] std::chrono::nanoseconds monotonic() const noexcept { return clock_; }
  /// The wall clock jumps, as when somebody sets it; the monotonic one does not.
  void set_clock(std::chrono::microseconds ahead) noexcept { ahead_ = ahead; }

  /// Lets everything happen until `done` holds; false once `limit` has passed. Throws
  /// `std::logic_error` when events follow each other without end and time stands still.
  bool run_until(std::function<bool()> const& done,
                 std::chrono::nanoseconds limit = std::chrono::hours{24});
  void run_for(std::chrono::nanoseconds time);

  /// As SIGSTOP, SIGCONT and SIGKILL do. What a killed process still had to do is gone, and its
  /// runner may be destroyed without a word to anybody.
  void stop(std::string const& process);
  void resume(std::string const& process);
  void kill(std::string const& process);

  /// Turns that the engine of `process` has taken so far.
  [[nodiscard]] std::size_t turns(std::string const& process) const;
  /// All that happened: one line for each event, with its time, process and kind.
  [[nodiscard]] std::vector<std::string> const& history() const noexcept { return history_; }

 private:
  struct Process;
  struct Work {
    Process* process;
    Conductor::Role role;
    std::function<void()> run;
  };

  bool conduct(std::function<bool()> const& done, std::chrono::nanoseconds give_up);
  /// Runs one of the things that can happen now; false if there is none.
  bool let_one_happen();
  void take_due_timers();
  [[nodiscard]] std::chrono::nanoseconds next_event();
  void run_work(std::size_t index);
  void run_engine(Process& process);
  void note(Process const& process, char const* kind);
  [[nodiscard]] Process& process_named(std::string const& name);

  std::chrono::nanoseconds clock_{std::chrono::hours{1}};
  std::chrono::microseconds ahead_{0};  // of the wall clock
  std::mt19937_64 order_;
  std::mt19937_64 values_;
  std::map<std::string, std::shared_ptr<Process>> processes_;
  std::vector<Work> ready_;
  std::multimap<std::chrono::nanoseconds, Work> timers_;
  std::vector<std::string> history_;
};

}  // namespace cloacina::test
