#pragma once

#include <string_view>

namespace cloacina::detail {

/// Throws `ValidationError` naming the field if the database could not take its text as it is.
void check_text(std::string_view field, std::string_view text);

}  // namespace cloacina::detail
