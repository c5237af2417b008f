#pragma once

#include <cstddef>
#include <string_view>

namespace cloacina::detail {

/// Throws `ValidationError` naming the field if the database could not take its text as it is.
void check_text(std::string_view field, std::string_view text);
/// Throws `ValidationError` unless so many rows may be asked for: 1 to 10 000.
void check_limit(std::size_t limit);

}  // namespace cloacina::detail
