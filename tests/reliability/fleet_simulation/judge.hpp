// Judges what a simulated fleet left in its file, with plain SQL and what the bodies saw.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plan.hpp"

namespace cloacina::trial {

/// What the caller of a submission was told.
struct Told {
  ExecutionId execution{};
  std::string workflow;
  std::string key;
  bool refused = false;          ///< as not stored
  bool asked_to_cancel = false;  ///< with whatever answer
  bool cancelled = false;        ///< and was told that it is
};

/// Before the fleet starts to work: the database itself notes what is written again that was final.
void watch_history(std::filesystem::path const& database);

/// Everything that is wrong, each as `kind: what`.
[[nodiscard]] std::vector<std::string> judge(std::filesystem::path const& database,
                                             std::vector<WorkflowPlan> const& plans,
                                             std::vector<Told> const& told, Witness const& witness);

struct Counts {
  std::int64_t takeovers = 0;
  std::int64_t crashes = 0;
  std::string rows;  // of executions and tasks, to compare two runs by
};
[[nodiscard]] Counts count(std::filesystem::path const& database);

}  // namespace cloacina::trial
