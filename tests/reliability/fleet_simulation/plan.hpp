// What a simulated fleet runs: random workflows, and a witness that sees every body.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/execution_id.hpp>
#include <cloacina/workflow.hpp>

namespace cloacina::trial {

using Dice = std::mt19937_64;

/// Evenly from `least` to `most`; the same on every machine, unlike the distributions of the
/// standard library.
[[nodiscard]] inline std::uint64_t draw(Dice& dice, std::uint64_t least, std::uint64_t most) {
  return least + dice() % (most - least + 1);
}

struct TaskPlan {
  std::string id;
  std::vector<std::string> after;
  std::uint32_t attempts = 1;
  std::uint32_t failures = 0;  // attempts that fail before one succeeds
  std::uint64_t milliseconds = 0;
  bool coroutine = false;
  bool at_most_once = false;
};

struct WorkflowPlan {
  std::string name;
  std::vector<TaskPlan> tasks;
};

/// Two to four workflows of up to eight tasks.
[[nodiscard]] std::vector<WorkflowPlan> random_plans(Dice& dice);

/// One start of a body.
struct Start {
  std::uint32_t attempt;
  std::string value;               // what this run, and no other, leaves behind
  std::vector<std::string> given;  // what it was given of each task that it comes after
};

/// All starts, by execution and task. One thread.
using Witness = std::map<std::pair<ExecutionId, std::string>, std::vector<Start>>;

[[nodiscard]] Workflow build(WorkflowPlan const& plan, Witness& witness);

}  // namespace cloacina::trial
