#include "core/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace cloacina {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view ellipsis = "\xE2\x80\xA6";     // U+2026

constexpr bool is_continuation(unsigned char c) noexcept { return (c & 0xC0) == 0x80; }

struct Character {
  std::size_t size;  ///< bytes that belong together
  bool valid;
};

struct LeadByte {
  std::size_t size;         ///< of the whole character; 0: no character starts so
  unsigned char low, high;  ///< range of the second byte
};

// Table 3-7 of the Unicode Standard: the range of the second byte excludes overlong forms and
// surrogates.
constexpr LeadByte lead_byte(unsigned char c) noexcept {
  if (c >= 0xC2 && c <= 0xDF) return {2, 0x80, 0xBF};
  if (c == 0xE0) return {3, 0xA0, 0xBF};
  if (c == 0xED) return {3, 0x80, 0x9F};
  if (c >= 0xE1 && c <= 0xEF) return {3, 0x80, 0xBF};
  if (c == 0xF0) return {4, 0x90, 0xBF};
  if (c >= 0xF1 && c <= 0xF3) return {4, 0x80, 0xBF};
  if (c == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

/// The character at the start of `text`, which is not empty; an invalid one is as long as what
/// could have begun one.
Character first_character(std::string_view text) noexcept {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {1, true};
  auto const lead = lead_byte(byte(0));
  if (lead.size == 0 || text.size() < 2 || byte(1) < lead.low || byte(1) > lead.high)
    return {1, false};
  for (std::size_t i = 2; i < lead.size; ++i) {
    if (i >= text.size() || !is_continuation(byte(i))) return {i, false};
  }
  return {lead.size, true};
}

bool starts_with_eight_ascii(std::string_view text) noexcept {
  std::uint64_t word = 0;
  if (text.size() < sizeof word) return false;
  std::memcpy(&word, text.data(), sizeof word);
  return (word & 0x8080808080808080u) == 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    if (starts_with_eight_ascii(text)) {
      text.remove_prefix(8);
      continue;
    }
    auto const character = first_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.size);
  }
  return true;
}

bool is_storable_utf8(std::string_view text) noexcept {
  return text.find('\0') == std::string_view::npos && is_valid_utf8(text);
}

std::string to_valid_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string{text};
  std::string result;
  result.reserve(text.size() + replacement.size());
  while (!text.empty()) {
    auto const character = first_character(text);
    result += character.valid ? text.substr(0, character.size) : replacement;
    text.remove_prefix(character.size);
  }
  return result;
}

std::string shorten_utf8(std::string_view text, std::size_t max_bytes) {
  // Before mending, which may triple the size: nothing behind max_bytes can be shown.
  auto const is_cut = text.size() > max_bytes;
  auto result = to_valid_utf8(text.substr(0, max_bytes));
  if (!is_cut && result.size() <= max_bytes) return result;
  auto size = max_bytes - ellipsis.size();
  while (size > 0 && size < result.size() &&
         is_continuation(static_cast<unsigned char>(result[size])))
    --size;
  result.resize(size < result.size() ? size : result.size());
  result += ellipsis;
  return result;
}

std::string to_storable_utf8(std::string_view text, std::size_t max_bytes) {
  auto result = shorten_utf8(text, max_bytes);
  if (result.find('\0') == std::string::npos) return result;
  for (auto at = result.find('\0'); at != std::string::npos; at = result.find('\0', at))
    result.replace(at, 1, replacement);
  return shorten_utf8(result, max_bytes);  // what replaces a NUL is longer than it
}

}  // namespace cloacina
