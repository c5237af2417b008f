#pragma once

#include <string>
#include <string_view>

namespace cloacina {

/// Why this cannot be the name of a tenant's schema, as "is empty"; empty if it can: 1 to 63
/// letters, digits and underscores that do not begin with a digit, and none that PostgreSQL keeps
/// for itself.
[[nodiscard]] std::string why_no_schema_name(std::string_view name);

}  // namespace cloacina
