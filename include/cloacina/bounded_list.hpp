#pragma once

#include <array>
#include <concepts>
#include <cstddef>

namespace cloacina {

/// A list with room for `Capacity` items that a designated initialiser can fill in a constant
/// expression. \code .after = {extract, clean} \endcode
template <class T, std::size_t Capacity>
class BoundedList {
 public:
  static constexpr std::size_t capacity = Capacity;

  constexpr BoundedList() = default;
  template <class... Items>
  requires(sizeof...(Items) > 0 && (std::convertible_to<Items const&, T> &&
                                    ...)) constexpr BoundedList(Items const&... items) {
    static_assert(sizeof...(Items) <= Capacity, "too many items in this list");
    if constexpr (sizeof...(Items) <= Capacity) ((items_[size_++] = T(items)), ...);
  }

  [[nodiscard]] constexpr auto begin() const { return items_.begin(); }
  [[nodiscard]] constexpr auto end() const {
    return items_.begin() + static_cast<std::ptrdiff_t>(size_);
  }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr T const& operator[](std::size_t i) const { return items_[i]; }

  /// Appends; there must be room: `size() < capacity`.
  constexpr void push_back(T const& item) { items_[size_++] = item; }

 private:
  std::array<T, Capacity> items_{};
  std::size_t size_ = 0;
};

}  // namespace cloacina
