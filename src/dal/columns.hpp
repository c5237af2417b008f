#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "backend/session.hpp"
#include "dal/rows.hpp"

namespace cloacina::dal {

/// Empty text is NULL.
[[nodiscard]] inline backend::Value or_null(std::string_view text) noexcept {
  return text.empty() ? backend::Value{nullptr} : backend::Value{text};
}
[[nodiscard]] inline backend::Value or_null(std::optional<Instant> const& time) noexcept {
  return time ? backend::Value{*time} : backend::Value{nullptr};
}
[[nodiscard]] inline backend::Value or_null(std::optional<ExecutionId> const& id) noexcept {
  return id ? backend::Value{*id} : backend::Value{nullptr};
}
[[nodiscard]] inline backend::Value flag(bool set) noexcept { return std::int64_t{set}; }

/// The parameters of many rows, filled row by row.
template <std::size_t Width>
class Columns {
 public:
  explicit Columns(std::size_t rows) : columns_(Width) {
    for (auto& column : columns_) column.reserve(rows);
  }

  template <class... Values>
  void add(Values&&... values) {
    static_assert(sizeof...(Values) == Width, "one value for each parameter of the statement");
    std::size_t column = 0;
    (columns_[column++].emplace_back(std::forward<Values>(values)), ...);
  }
  [[nodiscard]] bool empty() const noexcept { return columns_.front().empty(); }
  [[nodiscard]] std::vector<backend::Column> const& get() const noexcept { return columns_; }

 private:
  std::vector<backend::Column> columns_;
};

}  // namespace cloacina::dal
