#include "backend/sqlite/statement_text.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "backend/migration.hpp"

namespace cloacina::backend::sqlite {
namespace {

constexpr std::string_view schema = "main.";  // an SQLite file is one schema

struct Parts {
  std::string_view before, tuple, after;  // without the braces
};

Parts split_at_braces(std::string_view sql) noexcept {
  auto const open = sql.find("{(");
  auto const close = sql.find(")}", std::min(open, sql.size()));
  if (open == std::string_view::npos || close == std::string_view::npos) return {sql, {}, {}};
  return {sql.substr(0, open), sql.substr(open + 1, close - open), sql.substr(close + 2)};
}

/// Appends the tuple with `offset` added to the number of each parameter; returns the largest
/// number in it.
std::size_t append_tuple(std::string& sql, std::string_view tuple, std::size_t offset) {
  std::size_t largest = 0;
  while (!tuple.empty()) {
    sql += tuple.front();
    bool const parameter = tuple.front() == '$';
    tuple.remove_prefix(1);
    if (!parameter) continue;
    std::size_t number = 0;
    auto const [end, error] = std::from_chars(tuple.data(), tuple.data() + tuple.size(), number);
    tuple.remove_prefix(static_cast<std::size_t>(end - tuple.data()));
    largest = std::max(largest, number);
    sql += std::to_string(offset + number);
  }
  return largest;
}

}  // namespace

bool takes_many_rows(Statement const& statement) noexcept {
  return !split_at_braces(statement.sqlite).tuple.empty();
}

std::string statement_text(Statement const& statement, std::size_t rows) {
  auto const [before, tuple, after] = split_at_braces(statement.sqlite);
  if (tuple.empty()) return in_schema(before, schema);
  if (before.find('$') != before.npos || after.find('$') != after.npos)
    throw SessionError(Failure::broken,
                       "statement '" + std::string{statement.name} +
                           "' has parameters outside of its braces; expected all of them inside",
                       "SQLITE_RANGE", std::string{statement.name});
  std::string values;
  for (std::size_t row = 0, parameters = 0; row < rows; ++row) {
    if (row > 0) values += ',';
    parameters = append_tuple(values, tuple, row * parameters);
  }
  return in_schema(before, schema) + values + in_schema(after, schema);
}

}  // namespace cloacina::backend::sqlite
