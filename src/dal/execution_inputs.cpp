#include "dal/execution_inputs.hpp"

namespace cloacina::dal {
namespace {

// Small enough for its row to stay on a page with others.
constexpr std::size_t longest_own_input = 1'024;

bool is_large(std::string_view input) noexcept { return input.size() > longest_own_input; }

constexpr backend::Statement insert_input{.name = "insert_input",
                                          .sqlite = R"sql(
      INSERT INTO {s}.execution_inputs (execution_id, input) VALUES {($1, $2)})sql",
                                          .postgres = R"sql(
      INSERT INTO {s}.execution_inputs (execution_id, input)
      SELECT * FROM unnest($1::uuid[], $2::text[]))sql"};

}  // namespace

backend::Value own_input(std::string_view input) noexcept {
  return is_large(input) ? backend::Value{nullptr} : backend::Value{input};
}

Columns<2> large_inputs(std::vector<ExecutionInsert> const& rows) {
  Columns<2> columns{0};
  for (auto const& row : rows)
    if (is_large(row.input)) columns.add(row.id, row.input);
  return columns;
}

void insert_large_inputs(backend::Session& session, std::vector<ExecutionInsert> const& rows,
                         std::vector<std::size_t> const& inserted) {
  Columns<2> columns{0};
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (inserted[i] != 0 && is_large(rows[i].input)) columns.add(rows[i].id, rows[i].input);
  if (!columns.empty()) session.apply(insert_input, columns.get());
}

}  // namespace cloacina::dal
