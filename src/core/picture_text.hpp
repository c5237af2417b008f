#pragma once

#include <string>
#include <string_view>

namespace cloacina {

/// Any text inside the quotes of a mermaid label: what could end the label or become markup is
/// written as an entity.
[[nodiscard]] std::string mermaid_text(std::string_view text);

/// Any text inside the quotes of a Graphviz string.
[[nodiscard]] std::string dot_text(std::string_view text);

}  // namespace cloacina
