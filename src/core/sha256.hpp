#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloacina {

/// SHA-256 (FIPS 180-4) of a text that comes in parts.
class Sha256 {
 public:
  using Digest = std::array<std::uint8_t, 32>;

  Sha256& update(std::string_view bytes) noexcept;
  /// The digest of all parts; call it once, last.
  [[nodiscard]] Digest finish() noexcept;

 private:
  void compress(std::uint8_t const* block) noexcept;

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> block_{};
  std::size_t filled_ = 0;    ///< bytes waiting in `block_`
  std::uint64_t length_ = 0;  ///< bytes in all
};

/// 64 hex digits, lower case.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace cloacina
