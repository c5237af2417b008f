#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <cloacina/workflow.hpp>

namespace cloacina {

/// A workflow before it is checked, however it was written down. Tasks stand in the order in which
/// they were listed.
struct WorkflowDraft {
  std::string name;
  std::string description;
  std::vector<std::pair<std::string, std::string>> tags;
  std::uint32_t declared_version = 1;
  std::optional<std::chrono::milliseconds> timeout;
  std::vector<KeyUse> inputs;
  std::vector<TaskDefinition> tasks;
  std::vector<std::shared_ptr<void const>> owned;
  bool needs_bodies = true;  ///< false for one that is only shown
};

/// Checks a draft and puts it into its final form. Throws one `ValidationError` that lists every
/// violation.
[[nodiscard]] Workflow finish(WorkflowDraft draft);

/// A finished workflow as a draft again.
[[nodiscard]] WorkflowDraft draft_of(Workflow const& workflow);

}  // namespace cloacina
