#pragma once

#include <cstdint>

#include <cloacina/execution_id.hpp>

namespace cloacina {

/// A UUIDv7 (RFC 9562) of the low 48 bits of `milliseconds` since 1970, 12 bits of `random_high`
/// and 62 bits of `random_low`; what they have beyond that is ignored.
[[nodiscard]] ExecutionId make_uuid7(std::uint64_t milliseconds, std::uint64_t random_high,
                                     std::uint64_t random_low) noexcept;

/// Milliseconds since 1970 of a UUIDv7.
[[nodiscard]] constexpr std::uint64_t milliseconds_of(ExecutionId const& id) noexcept {
  return id.high >> 16;
}

/// Makes UUIDs of which each is greater than the one before, also within one millisecond and when
/// the clock goes back. Clock and randomness come in from outside. Used by one thread at a time.
class Uuid7Generator {
 public:
  [[nodiscard]] ExecutionId next(std::uint64_t milliseconds, std::uint64_t random_high,
                                 std::uint64_t random_low) noexcept;

 private:
  ExecutionId last_{};
};

}  // namespace cloacina
