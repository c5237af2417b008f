#include "dal/workflow_definitions.hpp"

#include <array>

#include "dal/columns.hpp"
#include "dal/transaction.hpp"

namespace cloacina::dal {
namespace {

constexpr backend::Statement insert_definition{.name = "insert_definition",
                                               .sqlite = R"sql(
      INSERT INTO {s}.workflow_definitions (name, version, definition)
      VALUES ($1, $2, $3)
      ON CONFLICT DO NOTHING)sql",
                                               .postgres = R"sql(
      INSERT INTO {s}.workflow_definitions (name, version, definition)
      SELECT name, version, definition::json
      FROM unnest($1::text[], $2::text[], $3::text[]) AS d (name, version, definition)
      ORDER BY name, version
      ON CONFLICT DO NOTHING)sql"};

constexpr backend::Statement select_definition{.name = "find_definition", .sqlite = R"sql(
      SELECT definition
      FROM {s}.workflow_definitions
      WHERE name = $1 AND version = $2)sql"};

}  // namespace

void insert_definitions(backend::Session& session,
                        std::vector<WorkflowDefinitionRow> const& definitions) {
  Columns<3> columns{definitions.size()};
  for (auto const& definition : definitions)
    columns.add(std::string_view{definition.name}, std::string_view{definition.version},
                std::string_view{definition.definition});
  session.apply(insert_definition, columns.get());
}

void store_definitions(backend::Session& session,
                       std::vector<WorkflowDefinitionRow> const& definitions) {
  Transaction transaction{session};
  insert_definitions(session, definitions);
  transaction.commit();
}

std::optional<std::string> find_definition(backend::Session& session, std::string_view name,
                                           std::string_view version) {
  std::array<backend::Value, 2> const parameters{name, version};
  auto const rows = session.query(select_definition, parameters);
  if (rows.empty()) return std::nullopt;
  return rows.text(0, 0);
}

}  // namespace cloacina::dal
