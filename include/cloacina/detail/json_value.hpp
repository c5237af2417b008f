#pragma once

#include <utility>

#include <cloacina/detail/decode.hpp>
#include <cloacina/detail/encode.hpp>
#include <cloacina/detail/shared.hpp>
#include <cloacina/json.hpp>

namespace cloacina::detail {

/// An immutable JSON value that contexts share: copying one is an atomic increment, whatever its
/// size.
class SharedJson {
 public:
  SharedJson() noexcept = default;
  explicit SharedJson(Json value) : box_(Shared<Box>::make(std::move(value))) {}

  [[nodiscard]] Json const* get() const noexcept { return box_ ? &box_->value : nullptr; }
  [[nodiscard]] Json const& operator*() const noexcept { return box_->value; }
  [[nodiscard]] Json const* operator->() const noexcept { return &box_->value; }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(box_); }

  /// True if both are one and the same value in memory; equal values may still be two.
  friend bool operator==(SharedJson const& a, SharedJson const& b) noexcept = default;

 private:
  struct Box : Counted {
    explicit Box(Json&& v) noexcept : value(std::move(v)) {}
    Box(Box const&) = delete;
    Json value;
  };
  Shared<Box> box_;
};

/// A type that a context can hold: it converts to JSON and back.
template <class T>
concept JsonConvertible = encodable<T> && decodable<T>;

}  // namespace cloacina::detail
