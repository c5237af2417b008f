#include <cloacina/task_namespace.hpp>

#include <utility>
#include <vector>

#include <cloacina/detail/sentences.hpp>
#include <cloacina/error.hpp>

#include "core/names.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

constexpr std::string_view separator = "::";

[[noreturn]] void refuse(std::string_view text, std::string const& problem) {
  throw ValidationError("task namespace '" + shorten_utf8(text, 200) + "': " + problem +
                            "; expected tenant::package::workflow::task",
                        shorten_utf8(text, 200));
}

void check_part(std::string_view what, std::string_view part) {
  if (!is_valid_name(part))
    refuse(part, "the " + std::string{what} + " is no name: " CLOACINA_DETAIL_SAY_NAME);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    auto const end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

}  // namespace

TaskNamespace::TaskNamespace(std::string tenant, std::string package, std::string workflow,
                             std::string task)
    : tenant_(std::move(tenant)),
      package_(std::move(package)),
      workflow_(std::move(workflow)),
      task_(std::move(task)) {
  check_part("tenant", tenant_);
  check_part("package", package_);
  check_part("workflow", workflow_);
  if (!task_.empty()) check_part("task", task_);
}

TaskNamespace::TaskNamespace(std::string workflow, std::string task)
    : TaskNamespace("public", "embedded", std::move(workflow), std::move(task)) {}

TaskNamespace TaskNamespace::parse(std::string_view text) {
  auto parts = split(text);
  if (parts.size() != 4) refuse(text, "it has " + std::to_string(parts.size()) + " parts");
  return {std::move(parts[0]), std::move(parts[1]), std::move(parts[2]), std::move(parts[3])};
}

std::string TaskNamespace::to_string() const {
  return tenant_ + "::" + package_ + "::" + workflow_ + "::" + task_;
}

TaskNamespace TaskNamespace::parent() const { return {tenant_, package_, workflow_, ""}; }

bool TaskNamespace::is_child_of(TaskNamespace const& other) const noexcept {
  return !task_.empty() && other.task_.empty() && tenant_ == other.tenant_ &&
         package_ == other.package_ && workflow_ == other.workflow_;
}

bool TaskNamespace::is_sibling_of(TaskNamespace const& other) const noexcept {
  return !task_.empty() && !other.task_.empty() && task_ != other.task_ &&
         tenant_ == other.tenant_ && package_ == other.package_ && workflow_ == other.workflow_;
}

}  // namespace cloacina
