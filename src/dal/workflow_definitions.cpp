#include "dal/workflow_definitions.hpp"

#include <array>

namespace cloacina::dal {
namespace {

constexpr backend::Statement select_definition{.name = "find_definition", .sqlite = R"sql(
      SELECT definition
      FROM {s}.workflow_definitions
      WHERE name = $1 AND version = $2)sql"};

}  // namespace

std::optional<std::string> find_definition(backend::Session& session, std::string_view name,
                                           std::string_view version) {
  std::array<backend::Value, 2> const parameters{name, version};
  auto const rows = session.query(select_definition, parameters);
  if (rows.empty()) return std::nullopt;
  return rows.text(0, 0);
}

}  // namespace cloacina::dal
