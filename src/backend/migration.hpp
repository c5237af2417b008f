#pragma once

#include <span>
#include <string>
#include <string_view>

#include "backend/session.hpp"

namespace cloacina::backend {

/// One step of the schema, embedded in the binary; steps are numbered from 1 without gaps.
struct Migration {
  int version;
  std::string_view name, sql;
};

/// Why a database with these steps is not one for a library with those; empty if it is, though it
/// may lack the last ones. `applied`: version, name and SHA-256, in the order of the versions.
[[nodiscard]] std::string why_not_ours(Rows const& applied, std::span<Migration const> steps);

/// SQL with the schema put in: `{s}.` becomes `prefix`.
[[nodiscard]] std::string in_schema(std::string_view sql, std::string_view prefix);

}  // namespace cloacina::backend
