#include "core/context_limit.hpp"

#include "core/json_text.hpp"
#include "core/utf8.hpp"

namespace cloacina {

std::string too_large(std::string_view what, Context const& context, std::size_t bytes,
                      std::size_t most) {
  std::string_view largest;
  std::size_t its_bytes = 0;
  std::string text;
  for (auto const& [key, value] : context) {
    text.clear();
    append_json(text, value);
    if (text.size() <= its_bytes) continue;
    largest = key;
    its_bytes = text.size();
  }
  auto message = std::string{what} + " is " + std::to_string(bytes) + " bytes of JSON; at most " +
                 std::to_string(most) + " are allowed (max_context_bytes)";
  if (its_bytes > 0)
    message += "; the largest value is that of key '" + to_storable_utf8(largest, 200) + "', " +
               std::to_string(its_bytes) + " bytes: keep it elsewhere and put its place here";
  return message;
}

}  // namespace cloacina
