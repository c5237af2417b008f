#pragma once

#include <compare>
#include <cstddef>
#include <string_view>

#include <cloacina/json.hpp>

namespace cloacina {

/// Throws `ValidationError` naming `key` if the value cannot be stored unchanged: NaN or infinity,
/// text (or a key) that is not UTF-8, more than `max_json_depth` levels, binary data.
void check_storable(std::string_view key, Json const& value);

/// Equality of JSON values: objects without regard to the order of their keys, numbers by their
/// value (1 = 1.0, and exactly: 2^64 − 1 is not −1, 2^53 + 1 is not the double 2^53).
[[nodiscard]] bool json_equal(Json const& a, Json const& b);

/// Order of two numbers by their exact value; unordered if one of the two is not a number.
[[nodiscard]] std::partial_ordering compare_numbers(Json const& a, Json const& b) noexcept;

/// Equal values have equal hashes.
[[nodiscard]] std::size_t json_hash(Json const& value);

}  // namespace cloacina
