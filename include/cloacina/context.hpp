#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <cloacina/detail/context_data.hpp>
#include <cloacina/detail/json_value.hpp>
#include <cloacina/error.hpp>
#include <cloacina/json.hpp>

namespace cloacina {

class CausalContext;

/// What a workflow carries from task to task: a JSON object whose keys keep the order of their
/// insertion.
///
/// A value. Copies share their content until one of them changes, so copying costs one atomic
/// increment. Distinct objects may be used from distinct threads, one object by one thread at a
/// time, like the containers of the standard. Every change checks its value: NaN, infinities, text
/// that is not UTF-8 and nesting deeper than 512 levels are refused with `ValidationError` naming
/// the key, and nothing is changed. \code
///   Context input{{"order_id", 42}, {"tags", {"new", "eu"}}};
///   auto id = input.get_as<std::int64_t>("order_id");
/// \endcode
class Context {
 public:
  /// One key and its value in a braced list. A class with a constructor, so that it may stand
  /// inside `co_await`.
  class Entry {
   public:
    /// Braces and JSON that may be moved from.
    Entry(std::string_view key, Json&& value) : key_(key), value_(std::move(value)) {}
    /// As `put` takes it.
    template <detail::encodable T>
    Entry(std::string_view key, T&& value)
        : key_(key), value_(detail::encode(key, std::forward<T>(value))) {}

   private:
    friend class Context;
    std::string_view key_;
    Json value_;
  };
  using const_iterator = detail::ContextData::const_iterator;

  Context() noexcept = default;
  /// Throws `ContextError` if a key stands there twice, `ValidationError` for a value that cannot
  /// be stored.
  Context(std::initializer_list<Entry> entries);

  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }
  /// The value, or null when there is no such key. Valid until this object changes.
  [[nodiscard]] Json const* find(std::string_view key) const noexcept;
  /// The value; throws `ContextError` naming the key and the keys there are. Valid until this
  /// object changes.
  [[nodiscard]] Json const& get(std::string_view key) const;
  /// The value as a C++ type; throws `ContextError` if it is missing, of another type, or does not
  /// fit (numbers are range-checked, never truncated).
  template <class T>
  [[nodiscard]] T get_as(std::string_view key) const {
    return detail::decode<T>(key, get(key));
  }

  /// Adds a key; throws `ContextError` if it exists.
  template <class T>
  void insert(std::string_view key, T&& value) {
    insert_json(key, detail::encode(key, std::forward<T>(value)));
  }
  /// Replaces a value; throws `ContextError` if the key is missing.
  template <class T>
  void update(std::string_view key, T&& value) {
    update_json(key, detail::encode(key, std::forward<T>(value)));
  }
  /// Adds or replaces.
  template <class T>
  void put(std::string_view key, T&& value) {
    put_json(key, detail::encode(key, std::forward<T>(value)));
  }
  /// True if the key was there.
  bool remove(std::string_view key);
  void clear() noexcept;

  /// One JSON object, keys in order, no white space.
  [[nodiscard]] std::string to_json() const;
  /// Throws `ValidationError` saying where the text is not a JSON object, or which integer does not
  /// fit into 64 bits. Of equal keys in one object the last wins, in the place of the first.
  [[nodiscard]] static Context from_json(std::string_view text);
  /// From a JSON object; throws `ValidationError` for any other kind.
  [[nodiscard]] static Context from_value(Json const& object);

  /// Pairs of `std::string const& key` and `Json const& value`, in order.
  [[nodiscard]] const_iterator begin() const noexcept;
  [[nodiscard]] const_iterator end() const noexcept;

  /// Same keys with equal JSON values, in whatever order.
  friend bool operator==(Context const& a, Context const& b);

  /// For the engine: puts a value that is shared and known to be sound.
  void put_shared(std::string_view key, detail::SharedJson value);
  [[nodiscard]] detail::SharedJson find_shared(std::string_view key) const noexcept;
  /// True if both share one content, so that comparing them key by key would be work for nothing.
  [[nodiscard]] bool shares_content_with(Context const& other) const noexcept {
    return data_.get() == other.data_.get();
  }

 private:
  friend class CausalContext;  // src/core: keeps the writer of each key beside its value

  void insert_json(std::string_view key, Json value);
  void update_json(std::string_view key, Json value);
  void put_json(std::string_view key, Json value);

  detail::ContextDataPtr data_;  // null when empty
};

}  // namespace cloacina
