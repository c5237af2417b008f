#include "core/uuid7.hpp"

namespace cloacina {
namespace {

constexpr std::uint64_t version = 0x7000;
constexpr std::uint64_t variant = std::uint64_t{2} << 62;
constexpr std::uint64_t low_bits = (std::uint64_t{1} << 62) - 1;
constexpr std::uint64_t high_bits = 0xFFF;

/// Adds to the 74 random bits as to one number; a carry out of them goes into the time.
ExecutionId advanced(ExecutionId const& id, std::uint64_t step) noexcept {
  auto const low = (id.low & low_bits) + step;
  auto const high = (id.high & high_bits) + (low >> 62);
  return make_uuid7(milliseconds_of(id) + (high >> 12), high, low);
}

}  // namespace

ExecutionId make_uuid7(std::uint64_t milliseconds, std::uint64_t random_high,
                       std::uint64_t random_low) noexcept {
  return {milliseconds << 16 | version | (random_high & high_bits),
          variant | (random_low & low_bits)};
}

ExecutionId Uuid7Generator::next(std::uint64_t milliseconds, std::uint64_t random_high,
                                 std::uint64_t random_low) noexcept {
  constexpr std::uint64_t step_bits = 0xFFFFFFFF;
  if (milliseconds > milliseconds_of(last_)) {
    last_ = make_uuid7(milliseconds, random_high, random_low);
  } else {
    // A random step, so that nobody can tell the next id from this one.
    last_ = advanced(last_, 1 + (random_low & step_bits));
  }
  return last_;
}

}  // namespace cloacina
