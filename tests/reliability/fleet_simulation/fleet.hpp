// One history of a simulated fleet: processes that work, crash, stall, and lose what they wrote.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "judge.hpp"
#include "plan.hpp"
#include "support/simulated_runner.hpp"
#include "support/simulation.hpp"

namespace cloacina::trial {

/// What happened in a history, to know that it proves something.
struct Happened {
  std::uint64_t kills = 0, stalls = 0, errors = 0, jumps = 0, submissions = 0, refusals = 0,
                cancels = 0;
};

/// Everything follows from the seed. One thread.
class Fleet {
 public:
  Fleet(std::uint64_t seed, std::filesystem::path database);
  ~Fleet();
  Fleet(Fleet const&) = delete;
  Fleet& operator=(Fleet const&) = delete;

  /// From the first process to the last; returns what is wrong.
  [[nodiscard]] std::vector<std::string> run();

  [[nodiscard]] Happened const& happened() const noexcept { return happened_; }
  /// Event for event, and what is stored in the end.
  [[nodiscard]] std::string history() const;
  [[nodiscard]] Counts counts() const { return count(database_); }

 private:
  struct Member;
  struct Submission {
    test::SimulatedRunner::Pending pending;
    Told told;
  };

  void start(Member& member);
  void kill(Member& member);
  void one_event();
  void submit(Member& member);
  void cancel(Member& member);
  /// Of a process whose disk or luck is bad: throws what the driver would throw.
  void at_point(Member& member, std::string_view point);
  void note_answers();
  [[nodiscard]] bool all_ended() const;
  [[nodiscard]] std::vector<std::string> settle();
  [[nodiscard]] Member& any(bool running);

  Dice dice_;
  std::filesystem::path database_;
  Witness witness_;
  std::vector<WorkflowPlan> plans_;
  std::vector<Workflow> workflows_;
  test::Simulation simulation_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<Submission> open_;
  std::vector<Told> told_;
  std::uint64_t next_key_ = 0;
  bool calm_ = false;
  Happened happened_;
};

}  // namespace cloacina::trial
