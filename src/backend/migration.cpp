#include "backend/migration.hpp"

#include "core/assert.hpp"
#include "core/sha256.hpp"

namespace cloacina::backend {

std::string why_not_ours(Rows const& applied, std::span<Migration const> steps) {
  if (applied.empty()) return {};
  auto const newest = applied.integer(applied.size() - 1, 0);
  if (newest > static_cast<std::int64_t>(steps.size()))
    return "has schema version " + std::to_string(newest) + ", this library knows versions up to " +
           std::to_string(steps.size()) +
           "; expected an equal or older schema: use a newer version of the library";
  for (std::size_t i = 0; i < applied.size(); ++i) {
    auto const& step = steps[i];
    if (applied.integer(i, 0) != step.version)
      return "lacks migration " + std::to_string(step.version) + " '" + std::string{step.name} +
             "' but has later ones; expected all of them in order: restore it from a backup";
    if (applied.text(i, 2) != sha256_hex(step.sql))
      return "was made by migration " + std::to_string(step.version) + " '" + applied.text(i, 1) +
             "' with another content than this library's; expected the same SHA-256: use the "
             "library that made it, or restore it from a backup";
  }
  return {};
}

std::string in_schema(std::string_view sql, std::string_view prefix) {
  constexpr std::string_view placeholder = "{s}.";
  std::string text;
  text.reserve(sql.size() + 16);
  for (auto at = sql.find(placeholder); at != sql.npos; at = sql.find(placeholder)) {
    text.append(sql.substr(0, at)).append(prefix);
    sql.remove_prefix(at + placeholder.size());
  }
  return text.append(sql);
}

std::string with_values(std::string sql, std::initializer_list<std::string_view> expressions) {
  int number = 0;
  for (auto const expression : expressions) {
    auto const parameter = "$" + std::to_string(++number);
    auto const at = sql.find(parameter);
    CLOACINA_ASSERT(at != sql.npos, "a statement has as many parameters as it is given values");
    sql.replace(at, parameter.size(), expression);
  }
  return sql;
}

std::string as_literal(std::string_view text) {
  CLOACINA_ASSERT(text.find('\'') == text.npos, "what becomes a literal holds no quotes");
  return "'" + std::string{text} + "'";
}

}  // namespace cloacina::backend
