#include "core/schema_name.hpp"

#include <algorithm>

namespace cloacina {
namespace {

constexpr std::size_t longest_schema_name = 63;  // PostgreSQL cuts what is longer, silently

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

std::string why_no_schema_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > longest_schema_name)
    return "has " + std::to_string(name.size()) + " characters; 63 are allowed";
  bool const of_letters =
      std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); });
  if (!of_letters) return "is not made of letters, digits and underscores alone";
  if (is_digit(name.front())) return "begins with a digit";
  std::string lower{name};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower.starts_with("pg_") || lower == "information_schema")
    return "is '" + std::string{name} + "', which PostgreSQL keeps for itself";
  return {};
}

}  // namespace cloacina
