#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloacina {

/// Least number of characters (bytes) to insert, delete, replace, or exchange with a neighbour to
/// get from one text to the other, without regard to case. Longer distances than `limit` come back
/// as `limit + 1`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// The candidates that `word` could be a slip of, nearest first, at most `count`.
[[nodiscard]] std::vector<std::string_view> nearest_names(
    std::string_view word, std::span<std::string_view const> candidates, std::size_t count = 3);

/// "; did you mean 'load' or 'loan'?", or nothing where no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<std::string_view const> candidates);
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<std::string const> candidates);

/// "'a', 'b', 'c' and 4 more".
[[nodiscard]] std::string list_of(std::span<std::string_view const> names, std::size_t limit);
[[nodiscard]] std::string list_of(std::span<std::string const> names, std::size_t limit);

}  // namespace cloacina
