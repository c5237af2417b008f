#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cloacina {

/// The identity of one workflow execution: a UUIDv7, so that ids made later compare greater.
///
/// A value of 16 bytes; every function is thread-safe.
struct ExecutionId {
  std::uint64_t high =
      0;  ///< first eight bytes, big-endian: 48 bits of milliseconds, version, 12 random bits
  std::uint64_t low = 0;  ///< last eight bytes, big-endian

  /// 36 characters, lower case: "0192f0c1-…".
  [[nodiscard]] std::string to_string() const;
  /// Reads what `to_string` prints, in either case. Throws `ValidationError` for anything else.
  [[nodiscard]] static ExecutionId parse(std::string_view text);

  /// The 16 bytes as they are stored, most significant first.
  [[nodiscard]] std::array<std::byte, 16> bytes() const noexcept;
  [[nodiscard]] static ExecutionId from_bytes(std::array<std::byte, 16> const& bytes) noexcept;

  [[nodiscard]] bool is_nil() const noexcept { return high == 0 && low == 0; }

  friend constexpr auto operator<=>(ExecutionId const&, ExecutionId const&) = default;
};

}  // namespace cloacina

template <>
struct std::hash<cloacina::ExecutionId> {
  std::size_t operator()(cloacina::ExecutionId const& id) const noexcept {
    // The low half is random already; the high half tells ids of one millisecond apart.
    return static_cast<std::size_t>(id.low ^ (id.high * 0x9e3779b97f4a7c15ull));
  }
};
