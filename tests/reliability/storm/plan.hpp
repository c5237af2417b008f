// The random workflows of a storm, as storm.py wrote them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <cloacina/registry.hpp>

#include "witness.hpp"

namespace cloacina::storm {

struct Plan {
  Registry registry;
  std::vector<std::string> names;  ///< execution n runs workflow n mod size
};

/// Reads `workflows.json`: of each task its dependencies, its rule, how often it fails and how long
/// it takes as functions of the execution's number `n`. Bodies report to `witness`, which must
/// outlive the plan.
[[nodiscard]] Plan read_plan(std::filesystem::path const& file, Witness& witness);

}  // namespace cloacina::storm
