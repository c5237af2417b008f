#pragma once

#include <string>

#include <cloacina/json.hpp>
#include <cloacina/registry.hpp>

namespace cloacina::engine {

/// What a runner knows: a JSON list of "name@version", in order.
[[nodiscard]] inline std::string known_workflows(Registry::Snapshot const& workflows) {
  Json known = Json::array();
  for (auto const& [name, workflow] : *workflows) known.push_back(name + "@" + workflow.version());
  return known.dump();
}

}  // namespace cloacina::engine
