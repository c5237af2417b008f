#include "core/picture_text.hpp"

namespace cloacina {

std::string mermaid_text(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (char c : text) {
    auto const code = static_cast<unsigned char>(c);
    bool const is_plain = code >= 0x80 || c == ' ' || c == '_' || c == '-' || c == '.' ||
                          c == ',' || c == '/' || c == ':' || c == '(' || c == ')' ||
                          (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z');
    if (is_plain)
      escaped += c;
    else
      escaped += "#" + std::to_string(code) + ";";  // mermaid's own form of a character entity
  }
  return escaped;
}

std::string dot_text(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    if (c == '\n')
      escaped += "\\n";
    else if (c != '\0')
      escaped += c;
  }
  return escaped;
}

}  // namespace cloacina
