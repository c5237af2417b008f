#pragma once

#include <string_view>

#include <asio/awaitable.hpp>

#include <cloacina/source_location.hpp>
#include <cloacina/task_options.hpp>
#include <cloacina/workflow_options.hpp>

namespace cloacina::detail {

struct TaskRun;

/// What a task's symbol stands for, without its type: what workflow checks and the builder work
/// with.
struct TaskInfo {
  std::string_view name;
  TaskOptions const* options = nullptr;
  // One of the two is set.
  void (*run)(TaskRun&) = nullptr;
  asio::awaitable<void> (*co_run)(TaskRun&) = nullptr;
};

/// The same for a workflow's symbol.
struct WorkflowInfo {
  std::string_view name;
  WorkflowOptions const* options = nullptr;
};

constexpr std::string_view name_or(std::string_view given, std::string_view fallback) noexcept {
  return given.empty() ? fallback : given;
}

/// The rule for ids of tasks, names of workflows and the other parts of a TaskNamespace, at compile
/// time and at run time. At run time it is UTF-8 too. The colons are those that could not be told
/// from the "::" between two parts.
constexpr bool is_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 255 || text.find("::") != std::string_view::npos) return false;
  if (text.front() == ':' || text.back() == ':') return false;
  for (char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return true;
}

}  // namespace cloacina::detail
