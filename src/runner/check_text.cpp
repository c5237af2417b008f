#include "runner/check_text.hpp"

#include <string>

#include <cloacina/error.hpp>

#include "core/utf8.hpp"

namespace cloacina::detail {

void check_text(std::string_view field, std::string_view text) {
  if (is_storable_utf8(text)) return;
  std::string const name{field};
  throw ValidationError{
      name + " is not text: expected UTF-8 without NUL; encode other bytes, for instance as base64",
      name};
}

void check_limit(std::size_t limit) {
  if (limit >= 1 && limit <= 10'000) return;
  throw ValidationError{
      "limit " + std::to_string(limit) + " is out of range; 1 to 10000 are allowed", "limit"};
}

}  // namespace cloacina::detail
