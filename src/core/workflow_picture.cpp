#include <string>
#include <string_view>

#include <cloacina/workflow.hpp>

#include "core/picture_text.hpp"

namespace cloacina {
namespace {

/// Stable within one workflow and free of characters that mean something to either language.
std::string shape_id(TaskIndex task) { return "t" + std::to_string(task); }

}  // namespace

std::string Workflow::to_mermaid() const {
  std::string text = "flowchart TD\n";
  for (TaskIndex task : data_->listed)
    text += "  " + shape_id(task) + "[\"" + mermaid_text(data_->tasks[task].id) + "\"]\n";
  for (TaskIndex task : data_->listed)
    for (TaskIndex dependency : data_->dependencies[task])
      text += "  " + shape_id(dependency) + " --> " + shape_id(task) + "\n";
  return text;
}

std::string Workflow::to_dot() const {
  std::string text =
      "digraph \"" + dot_text(data_->name) + "\" {\n  rankdir=TB;\n  node [shape=box];\n";
  for (TaskIndex task : data_->listed)
    text += "  " + shape_id(task) + " [label=\"" + dot_text(data_->tasks[task].id) + "\"];\n";
  for (TaskIndex task : data_->listed)
    for (TaskIndex dependency : data_->dependencies[task])
      text += "  " + shape_id(dependency) + " -> " + shape_id(task) + ";\n";
  return text + "}\n";
}

}  // namespace cloacina
