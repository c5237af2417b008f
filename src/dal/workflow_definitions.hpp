#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/session.hpp"

namespace cloacina::dal {

struct WorkflowDefinitionRow {
  std::string name, version, definition;
};

/// Inserts those that are not stored yet, in the transaction under way.
void insert_definitions(backend::Session&, std::vector<WorkflowDefinitionRow> const&);
/// The same in a transaction of its own; harmless to repeat.
void store_definitions(backend::Session&, std::vector<WorkflowDefinitionRow> const&);

/// The stored definition JSON of (name, version).
[[nodiscard]] std::optional<std::string> find_definition(backend::Session&, std::string_view name,
                                                         std::string_view version);

}  // namespace cloacina::dal
