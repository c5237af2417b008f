#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloacina/detail/task_index.hpp>
#include <cloacina/task_definition.hpp>

namespace cloacina {

namespace detail {

/// A checked workflow in the form in which the engine walks it. Tasks stand in topological order.
struct WorkflowData {
  std::string name;
  std::string version;  ///< 16 hex digits, see content_version
  std::string description;
  std::vector<std::pair<std::string, std::string>> tags;
  std::uint32_t declared_version = 1;  ///< `.version` of the workflow, part of `version`
  std::optional<std::chrono::milliseconds> timeout;  ///< absent: the runner's; 0: none
  std::vector<KeyUse> inputs;
  std::vector<TaskDefinition> tasks;
  std::vector<std::vector<TaskIndex>> dependencies;  ///< of each task, in the order of `.after`
  std::vector<std::vector<TaskIndex>> dependents;    ///< of each task, ascending
  std::vector<TaskIndex> listed;                     ///< the tasks in the order of `.tasks`
  std::vector<std::shared_ptr<void const>> owned;    ///< keeps alive what views in `tasks` point to
  std::vector<TaskIndex> by_id;  ///< the tasks sorted by id, for `index_of`; see `index_tasks`

  /// Binary search after `index_tasks`, a walk before.
  [[nodiscard]] std::optional<TaskIndex> index_of(std::string_view task_id) const noexcept;
  void index_tasks();
};

}  // namespace detail

/// How two workflows of one name differ; empty if they do not.
struct WorkflowDifference {
  std::vector<std::string> added;    ///< tasks only in the second
  std::vector<std::string> removed;  ///< tasks only in the first
  std::vector<std::string>
      changed;  ///< one sentence each: "task 'load': depends on 'clean' no longer"

  [[nodiscard]] bool empty() const noexcept {
    return added.empty() && removed.empty() && changed.empty();
  }
  [[nodiscard]] std::string to_string() const;
};

/// A named graph of tasks: what `CLOACINA_WORKFLOW` and `WorkflowBuilder` make.
///
/// Immutable and complete: names are unique, dependencies exist, there is no cycle. Copying shares
/// the content. Every function is thread-safe and does not block.
class Workflow {
 public:
  explicit Workflow(std::shared_ptr<detail::WorkflowData const> data) noexcept
      : data_(std::move(data)) {}

  [[nodiscard]] std::string const& name() const noexcept { return data_->name; }
  /// First 16 hex digits of the SHA-256 over its canonical JSON: equal content, equal version, in
  /// every process.
  [[nodiscard]] std::string const& version() const noexcept { return data_->version; }
  [[nodiscard]] std::string const& description() const noexcept { return data_->description; }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> const& tags() const noexcept {
    return data_->tags;
  }
  /// Ids in the order in which they were listed.
  [[nodiscard]] std::vector<std::string> tasks() const;
  /// Throws `ValidationError` with the nearest names if there is no such task; so do the functions
  /// below.
  [[nodiscard]] TaskDefinition const& task(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> dependencies(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> dependents(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> topological_sort() const;
  /// Tasks that could run at the same time if each took equally long, level by level.
  [[nodiscard]] std::vector<std::vector<std::string>> execution_levels() const;
  [[nodiscard]] std::vector<std::string> roots() const;
  [[nodiscard]] std::vector<std::string> leaves() const;
  /// True if neither is upstream of the other.
  [[nodiscard]] bool can_run_parallel(std::string_view a, std::string_view b) const;
  /// These tasks and all that they depend on, as a workflow of the same name.
  [[nodiscard]] Workflow subgraph(std::vector<std::string> const& ids) const;
  /// Checks again what was checked when it was built; throws `ValidationError`.
  void validate() const;
  [[nodiscard]] static WorkflowDifference compare(Workflow const& a, Workflow const& b);

  /// A mermaid flowchart, and the same for Graphviz.
  [[nodiscard]] std::string to_mermaid() const;
  [[nodiscard]] std::string to_dot() const;

  /// What is stored of it; `from_json` gives a workflow without bodies, for showing. Throws
  /// `ValidationError`.
  [[nodiscard]] std::string to_json() const;
  [[nodiscard]] static Workflow from_json(std::string_view text);

  [[nodiscard]] detail::WorkflowData const& data() const noexcept { return *data_; }
  [[nodiscard]] std::shared_ptr<detail::WorkflowData const> const& shared_data() const noexcept {
    return data_;
  }

 private:
  std::shared_ptr<detail::WorkflowData const> data_;
};

}  // namespace cloacina
