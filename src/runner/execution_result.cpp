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

struct Style {
  TaskStatus status;
  std::string_view fill, stroke;
  bool is_dashed = false;
};

// Colours that are told apart in light and dark pages, and in grey.
constexpr std::array<Style, 4> styles{{
    {TaskStatus::completed, "#d3f2d6", "#2e7d32"},
    {TaskStatus::failed, "#ffd6d6", "#c62828"},
    {TaskStatus::skipped, "#eeeeee", "#757575", true},
    {TaskStatus::cancelled, "#ffe9c7", "#ef6c00"},
}};

std::string mermaid_class(Style const& style) {
  return std::string{to_string(style.status)} + " fill:" + std::string{style.fill} +
         ",stroke:" + std::string{style.stroke} + ",color:#000" +
         (style.is_dashed ? ",stroke-dasharray:4" : "");
}

std::string dot_attributes(TaskStatus status) {
  for (auto const& style : styles)
    if (style.status == status)
      return std::string{", style=\""} + (style.is_dashed ? "filled,dashed" : "filled") +
             "\", fillcolor=\"" + std::string{style.fill} + "\", color=\"" +
             std::string{style.stroke} + "\"";
  return "";
}

std::string shape_id(std::size_t task) { return "t" + std::to_string(task); }

std::string in_words(std::chrono::microseconds duration) {
  auto const us = duration.count();
  if (us < 10'000) return std::to_string(us) + " µs";
  if (us < 10'000'000) return std::to_string(us / 1'000) + " ms";
  return std::to_string(us / 1'000'000) + " s";
}

std::string what_became_of(TaskResult const& task) {
  std::string text{to_string(task.status)};
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
    text += "  " + shape_id(t) + "[\"" + mermaid_text(task.id) + "<br/>" + what_became_of(task) +
            "\"]:::" + std::string{to_string(task.status)} + "\n";
  }
  for (std::size_t t = 0; t < data_->tasks.size(); ++t)
    for (auto const dependency : data_->dependencies[t])
      text += "  " + shape_id(dependency) + " --> " + shape_id(t) + "\n";
  for (auto const& style : styles) text += "  classDef " + mermaid_class(style) + "\n";
  return text;
}

std::string ExecutionResult::to_dot() const {
  std::string text =
      "digraph \"" + dot_text(data_->workflow) + "\" {\n  rankdir=TB;\n  node [shape=box];\n";
  for (std::size_t t = 0; t < data_->tasks.size(); ++t) {
    auto const& task = data_->tasks[t];
    text += "  " + shape_id(t) + " [label=\"" + dot_text(task.id) + "\\n" + what_became_of(task) +
            "\"" + dot_attributes(task.status) + "];\n";
  }
  for (std::size_t t = 0; t < data_->tasks.size(); ++t)
    for (auto const dependency : data_->dependencies[t])
      text += "  " + shape_id(dependency) + " -> " + shape_id(t) + ";\n";
  return text + "}\n";
}

}  // namespace cloacina
