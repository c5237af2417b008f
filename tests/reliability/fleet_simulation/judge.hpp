// Judges what a simulated fleet left in its file, with plain SQL and what the bodies saw.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plan.hpp"

namespace cloacina::trial {

/// What a caller was told.
struct Accepted {
  ExecutionId execution{};
  std::string workflow;
  std::string key;
};

/// Before the fleet starts to work: the database itself notes what is written again that was final.
void watch_history(std::filesystem::path const& database);

/// Everything that is wrong, each as `kind: what`.
[[nodiscard]] std::vector<std::string> judge(std::filesystem::path const& database,
                                             std::vector<WorkflowPlan> const& plans,
                                             std::vector<Accepted> const& accepted,
                                             Witness const& witness);

struct Counts {
  std::int64_t takeovers = 0;
  std::int64_t crashes = 0;
  std::string rows;  // of executions and tasks, to compare two runs by
};
[[nodiscard]] Counts count(std::filesystem::path const& database);

}  // namespace cloacina::trial
