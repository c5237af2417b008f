#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/detail/json_value.hpp>
#include <cloacina/detail/shared.hpp>

namespace cloacina::detail {

/// For the engine: which task wrote a value, and as which of its changes.
struct WriteOrigin {
  static constexpr std::uint32_t nobody = UINT32_MAX;

  std::uint32_t writer = nobody;
  std::uint32_t position = 0;
  friend auto operator<=>(WriteOrigin const&, WriteOrigin const&) = default;
};

/// The table behind a `Context`: text keys in the order of their insertion.
///
/// Up to a dozen keys are searched one by one, which beats hashing at that size; beyond, an index
/// of positions finds them. Finding, adding, replacing and removing take constant time on average.
class ContextData : public Counted {
 public:
  struct Entry {
    std::string key;
    SharedJson value;  ///< empty: removed, waiting for the next rebuild
    WriteOrigin origin{};
  };

  /// What iteration yields; structured bindings give key and value.
  struct Item {
    std::string const& key;
    Json const& value;
  };

  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using reference = Item;

    const_iterator() noexcept = default;
    const_iterator(Entry const* at, Entry const* end) noexcept : at_(at), end_(end) {
      skip_removed();
    }

    Item operator*() const noexcept { return {at_->key, *at_->value}; }
    const_iterator& operator++() noexcept {
      ++at_;
      skip_removed();
      return *this;
    }
    const_iterator operator++(int) noexcept {
      auto before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const_iterator const& a, const_iterator const& b) noexcept {
      return a.at_ == b.at_;
    }

   private:
    void skip_removed() noexcept {
      while (at_ != end_ && !at_->value) ++at_;
    }
    Entry const* at_ = nullptr;
    Entry const* end_ = nullptr;
  };

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - removed_; }
  [[nodiscard]] Entry const* find(std::string_view key) const noexcept;
  void put(std::string_view key, SharedJson value, WriteOrigin origin = {});
  bool remove(std::string_view key);

  [[nodiscard]] const_iterator begin() const noexcept { return {first(), last()}; }
  [[nodiscard]] const_iterator end() const noexcept { return {last(), last()}; }

  /// All positions, those of removed keys too. Copies of one table keep equal keys at equal
  /// positions for as long as nothing is removed, so that two of them can be compared side by side.
  [[nodiscard]] std::vector<Entry> const& entries() const noexcept { return entries_; }
  void forget_origins() noexcept;

 private:
  static constexpr std::size_t largest_unindexed = 12;
  static constexpr std::size_t not_there = SIZE_MAX;

  [[nodiscard]] Entry const* first() const noexcept { return entries_.data(); }
  [[nodiscard]] Entry const* last() const noexcept { return entries_.data() + entries_.size(); }
  [[nodiscard]] std::size_t position_of(std::string_view key) const noexcept;
  [[nodiscard]] std::size_t slot_of(std::string_view key) const noexcept;
  void add(std::string_view key, SharedJson value, WriteOrigin origin);
  void rebuild_index();

  std::vector<Entry> entries_;
  std::vector<std::uint32_t>
      slots_;  ///< position + 1, 0: free; a power of two long, at most half full; empty: no index
  std::size_t removed_ = 0;  ///< entries without value; only where there is an index
};

using ContextDataPtr = Shared<ContextData>;

}  // namespace cloacina::detail
