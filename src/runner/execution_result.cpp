#include <cloacina/execution_result.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <cloacina/error.hpp>

#include "core/nearest.hpp"
#include "core/picture_text.hpp"
#include "engine/result.hpp"

namespace cloacina {
namespace {

// Mermaid classes: colours that are told apart in light and dark pages, and in grey.
constexpr std::array<std::pair<TaskStatus, std::string_view>, 4> styles{{
    {TaskStatus::completed, "fill:#d3f2d6,stroke:#2e7d32,color:#000"},
    {TaskStatus::failed, "fill:#ffd6d6,stroke:#c62828,color:#000"},
    {TaskStatus::skipped, "fill:#eeeeee,stroke:#757575,color:#000,stroke-dasharray:4"},
    {TaskStatus::cancelled, "fill:#ffe9c7,stroke:#ef6c00,color:#000"},
}};

std::string shape_id(std::size_t task) { return "t" + std::to_string(task); }

std::string in_words(std::chrono::microseconds duration) {
  auto const us = duration.count();
  if (us < 10'000) return std::to_string(us) + " µs";
  if (us < 10'000'000) return std::to_string(us / 1'000) + " ms";
  return std::to_string(us / 1'000'000) + " s";
}

std::string label(TaskResult const& task) {
  std::string text = mermaid_text(task.id) + "<br/>" + std::string{to_string(task.status)};
  if (task.attempts > 1) text += " after " + std::to_string(task.attempts) + " attempts";
  if (task.started && task.completed && *task.completed >= *task.started)
    text += ", " + in_words(*task.completed - *task.started);
  return text;
}

}  // namespace

ExecutionId ExecutionResult::id() const noexcept { return data_->id; }
std::string const& ExecutionResult::workflow() const noexcept { return data_->workflow; }
std::string const& ExecutionResult::version() const noexcept { return data_->version; }
WorkflowStatus ExecutionResult::status() const noexcept { return data_->status; }
std::string const& ExecutionResult::error() const noexcept { return data_->error; }
Context const& ExecutionResult::context() const noexcept { return data_->context; }
std::vector<TaskResult> const& ExecutionResult::tasks() const noexcept { return data_->tasks; }
std::optional<Instant> ExecutionResult::started_at() const noexcept { return data_->started_at; }
Instant ExecutionResult::completed_at() const noexcept { return data_->completed_at; }

std::chrono::microseconds ExecutionResult::duration() const noexcept {
  if (!data_->started_at) return std::chrono::microseconds{0};
  return std::max(std::chrono::microseconds{0}, data_->completed_at - *data_->started_at);
}

TaskResult const& ExecutionResult::task(std::string_view id) const {
  auto const found = std::find_if(data_->tasks.begin(), data_->tasks.end(),
                                  [&](auto const& task) { return task.id == id; });
  if (found != data_->tasks.end()) return *found;
  std::vector<std::string> known;
  for (auto const& task : data_->tasks) known.push_back(task.id);
  throw ValidationError{"workflow '" + data_->workflow + "' has no task '" + std::string{id} + "'" +
                            did_you_mean(id, known),
                        std::string{id}};
}

Context const& ExecutionResult::value() const {
  auto const text =
      "execution " + data_->id.to_string() + " of workflow '" + data_->workflow + "' ";
  if (data_->status == WorkflowStatus::failed)
    throw ExecutionFailed{text + "failed: " + data_->error, data_->id.to_string()};
  if (data_->status == WorkflowStatus::cancelled)
    throw ExecutionCancelled{text + "was " + (data_->error.empty() ? "cancelled" : data_->error),
                             data_->id.to_string()};
  return data_->context;
}

std::string ExecutionResult::to_mermaid() const {
  std::string text = "flowchart TD\n";
  for (std::size_t t = 0; t < data_->tasks.size(); ++t) {
    auto const& task = data_->tasks[t];
    text += "  " + shape_id(t) + "[\"" + label(task) +
            "\"]:::" + std::string{to_string(task.status)} + "\n";
  }
  for (std::size_t t = 0; t < data_->tasks.size(); ++t)
    for (auto const dependency : data_->dependencies[t])
      text += "  " + shape_id(dependency) + " --> " + shape_id(t) + "\n";
  for (auto const& [status, style] : styles)
    text += "  classDef " + std::string{to_string(status)} + " " + std::string{style} + "\n";
  return text;
}

}  // namespace cloacina
