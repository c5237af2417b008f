#include <cloacina/execution_id.hpp>

#include <cloacina/error.hpp>

#include "core/ascii.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

constexpr std::size_t text_size = 36;

constexpr bool is_hyphen_at(std::size_t position) noexcept {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

[[noreturn]] void refuse(std::string_view text) {
  throw ValidationError("execution id '" + shorten_utf8(text, 64) +
                        "': expected 36 characters such as 0192f0c1-5a8e-7c3b-9d2e-1f0a4b6c8d7e");
}

}  // namespace

std::string ExecutionId::to_string() const {
  std::string text(text_size, '-');
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text_size; ++i) {
    if (is_hyphen_at(i)) continue;
    auto const half = nibble < 16 ? high : low;
    text[i] = "0123456789abcdef"[(half >> (60 - 4 * (nibble % 16))) & 15];
    ++nibble;
  }
  return text;
}

ExecutionId ExecutionId::parse(std::string_view text) {
  if (text.size() != text_size) refuse(text);
  ExecutionId id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text_size; ++i) {
    if (is_hyphen_at(i)) {
      if (text[i] != '-') refuse(text);
      continue;
    }
    int const digit = hex_digit(text[i]);
    if (digit < 0) refuse(text);
    auto& half = nibble++ < 16 ? id.high : id.low;
    half = half << 4 | static_cast<std::uint64_t>(digit);
  }
  return id;
}

std::array<std::byte, 16> ExecutionId::bytes() const noexcept {
  std::array<std::byte, 16> result{};
  for (std::size_t i = 0; i < 8; ++i) {
    result[i] = static_cast<std::byte>(high >> (56 - 8 * i));
    result[i + 8] = static_cast<std::byte>(low >> (56 - 8 * i));
  }
  return result;
}

ExecutionId ExecutionId::from_bytes(std::array<std::byte, 16> const& bytes) noexcept {
  ExecutionId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.high = id.high << 8 | static_cast<std::uint64_t>(bytes[i]);
    id.low = id.low << 8 | static_cast<std::uint64_t>(bytes[i + 8]);
  }
  return id;
}

}  // namespace cloacina
