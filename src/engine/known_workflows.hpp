#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <cloacina/json.hpp>
#include <cloacina/registry.hpp>

namespace cloacina::engine {

/// The workflows whose executions a runner can take on. One that was replaced stays: executions of
/// it may be waiting.
class KnownWorkflows {
 public:
  explicit KnownWorkflows(Registry::Snapshot const& workflows) {
    for (auto const& [name, workflow] : *workflows) {
      workflows_.emplace(key_of(workflow), workflow);
      latest_.emplace(name, workflow);
    }
    list();
  }

  /// In place of an equal one, whose bodies may be others.
  void add(Workflow workflow) {
    auto key = key_of(workflow);
    latest_.insert_or_assign(workflow.name(), workflow);
    workflows_.insert_or_assign(std::move(key), std::move(workflow));
    list();
  }
  [[nodiscard]] Workflow const* find(std::string_view name, std::string_view version) const {
    auto const found = workflows_.find(std::string{name} + "@" + std::string{version});
    return found == workflows_.end() ? nullptr : &found->second;
  }
  /// What a new execution of that name runs.
  [[nodiscard]] Workflow const* latest(std::string_view name) const {
    auto const found = latest_.find(name);
    return found == latest_.end() ? nullptr : &found->second;
  }
  /// A JSON list of the names, in order.
  [[nodiscard]] std::string const& names() const noexcept { return names_; }
  /// A JSON list of "name@version", in order.
  [[nodiscard]] std::string const& json() const noexcept { return json_; }

 private:
  static std::string key_of(Workflow const& workflow) {
    return workflow.name() + "@" + workflow.version();
  }
  void list() {
    Json known = Json::array();
    for (auto const& [key, workflow] : workflows_) known.push_back(key);
    json_ = known.dump();
    Json names = Json::array();
    for (auto const& [name, workflow] : latest_) names.push_back(name);
    names_ = names.dump();
  }

  std::map<std::string, Workflow, std::less<>> workflows_;  // by "name@version"
  std::map<std::string, Workflow, std::less<>> latest_;     // by name
  std::string json_, names_;
};

}  // namespace cloacina::engine
