#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cloacina/context.hpp>
#include <cloacina/detail/context_delta.hpp>

namespace cloacina::detail {

/// The values that a body sees: what it was given, overlaid by what it changed. `given` is never
/// copied.
struct TaskValues {
  /// A value that was handed out by reference: it lives until the body returns, also when the key
  /// is put again.
  struct Decoded {
    std::string_view key;  ///< empty once the key was put or removed
    std::uint64_t type = 0;
    std::shared_ptr<void const> value;
  };

  Context given;       ///< the merged context of the dependencies
  ContextDelta delta;  ///< what the body changed so far
  /// Keys that the task reads and that nobody wrote, each with the reason ("its writer 'a' was
  /// Skipped").
  std::vector<std::pair<std::string, std::string>> missing;
  std::vector<Decoded> decoded;

  /// The value, or null; valid until the key changes.
  [[nodiscard]] Json const* find(std::string_view key) const noexcept;
  /// The value; throws `ContextError` saying why there is none.
  [[nodiscard]] Json const& get(std::string_view key) const;
  /// Throws `ContextError` if the key exists (`insert`) or does not (`update`).
  void check_absent(std::string_view key) const;
  void check_present(std::string_view key) const;
  /// True if the key was there.
  bool remove(std::string_view key);
  /// What a put of this key undoes: an earlier removal, and the decoded value.
  void forget(std::string_view key) noexcept;
  /// The overlay as one context.
  [[nodiscard]] Context merged() const;

  template <class T>
  void put(std::string_view key, T&& value) {
    delta.set.put(key, std::forward<T>(value));  // throws before anything is changed
    forget(key);
  }

  /// The decoded value of a key that is there, decoded once.
  template <class T>
  [[nodiscard]] T const& decode_once(std::string_view key, std::uint64_t type, Json const& stored) {
    for (auto const& known : decoded)
      if (known.type == type && known.key == key) return *static_cast<T const*>(known.value.get());
    auto value = std::make_shared<T const>(detail::decode<T>(key, stored));
    decoded.push_back({key, type, value});
    return *value;
  }
};

}  // namespace cloacina::detail
