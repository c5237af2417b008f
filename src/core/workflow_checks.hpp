#pragma once

#include <string>
#include <vector>

#include <cloacina/detail/task_index.hpp>
#include <cloacina/workflow.hpp>

#include "core/workflow_draft.hpp"

namespace cloacina {

/// Collects what is wrong; each entry is a sentence that begins with the rule, in the words of the
/// compiler.
class Violations {
 public:
  void add(std::string sentence) { sentences_.push_back(std::move(sentence)); }
  /// "<rule>: <names>", for the rules whose sentences are shared with the compiler.
  void add(char const* rule, std::string const& names) { add(std::string{rule} + ": " + names); }

  [[nodiscard]] bool empty() const noexcept { return sentences_.empty(); }
  /// Throws one `ValidationError` with all of them, if there are any.
  void throw_if_any(std::string const& workflow) const;

 private:
  std::vector<std::string> sentences_;
};

/// Names, options and limits: what needs no graph.
void check_definitions(WorkflowDraft const& draft, Violations& violations);

/// Keys and rules along the graph. The tasks stand in topological order, `dependencies` are
/// complete.
void check_keys(detail::WorkflowData const& workflow, Violations& violations);
void check_rules(detail::WorkflowData const& workflow, Violations& violations);

}  // namespace cloacina
