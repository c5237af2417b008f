#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/session.hpp"

namespace cloacina::dal {

/// The stored definition JSON of (name, version).
[[nodiscard]] std::optional<std::string> find_definition(backend::Session&, std::string_view name,
                                                         std::string_view version);

}  // namespace cloacina::dal
