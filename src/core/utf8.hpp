#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cloacina {

/// True for well-formed UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF. NUL is
/// well-formed.
[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// True for what every database stores as text unchanged: valid UTF-8 without NUL.
[[nodiscard]] bool is_storable_utf8(std::string_view text) noexcept;

/// The text with U+FFFD in place of each byte sequence that is not UTF-8.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

/// At most `max_bytes` of valid UTF-8, cut between characters; what was cut is marked by "…".
/// `max_bytes` must have room for the mark (3 bytes).
[[nodiscard]] std::string shorten_utf8(std::string_view text, std::size_t max_bytes);

/// What can be stored as text and shown: the same without NUL, in whose place U+FFFD stands too.
[[nodiscard]] std::string to_storable_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace cloacina
