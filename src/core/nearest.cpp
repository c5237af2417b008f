#include "core/nearest.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "core/ascii.hpp"

namespace cloacina {
namespace {

constexpr std::size_t longest_name = 128;  ///< of longer ones the first characters decide
constexpr std::size_t many =
    2'000;  ///< beyond so many candidates the search would take visibly long

/// A third of the letters may be wrong, at least one.
std::size_t tolerance(std::string_view word) noexcept {
  return std::max<std::size_t>(1, word.size() / 3);
}

std::vector<std::string_view> views_of(std::span<std::string const> names) {
  return {names.begin(), names.end()};
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  a = a.substr(0, longest_name);
  b = b.substr(0, longest_name);
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  using Row = std::array<std::size_t, longest_name + 1>;
  Row before_last{}, last{}, row{};
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      bool const same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      bool const exchanged = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                             lower(a[i - 2]) == lower(b[j - 1]);
      if (exchanged) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return std::min(row[b.size()], limit + 1);
}

std::vector<std::string_view> nearest_names(std::string_view word,
                                            std::span<std::string_view const> candidates,
                                            std::size_t count) {
  word = word.substr(0, longest_name);
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (auto const candidate : candidates.first(std::min(candidates.size(), many))) {
    auto const limit = tolerance(word);
    auto distance = edit_distance(word, candidate, limit);
    // A shortened or lengthened name is a slip too: "extract" for "extract_orders".
    bool const is_prefix = word.size() >= 3 &&
                           (candidate.starts_with(word) || word.starts_with(candidate)) &&
                           candidate.size() >= 3;
    if (distance > limit && is_prefix) distance = limit;
    if (distance <= limit) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](auto const& a, auto const& b) { return a.first < b.first; });
  std::vector<std::string_view> names;
  for (auto const& [distance, name] : near) {
    if (names.size() == count) break;
    names.push_back(name);
  }
  return names;
}

std::string did_you_mean(std::string_view word, std::span<std::string_view const> candidates) {
  auto const names = nearest_names(word, candidates);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "; did you mean '" : i + 1 == names.size() ? "' or '" : "', '";
    text += names[i];
  }
  return names.empty() ? text : text + "'?";
}

std::string did_you_mean(std::string_view word, std::span<std::string const> candidates) {
  return did_you_mean(word, views_of(candidates));
}

std::string list_of(std::span<std::string_view const> names, std::size_t limit) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < limit; ++i) {
    text += i == 0 ? "'" : ", '";
    text += names[i];
    text += '\'';
  }
  if (names.size() > limit) text += " and " + std::to_string(names.size() - limit) + " more";
  return text;
}

std::string list_of(std::span<std::string const> names, std::size_t limit) {
  return list_of(views_of(names), limit);
}

}  // namespace cloacina
