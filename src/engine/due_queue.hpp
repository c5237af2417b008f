#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <cloacina/time.hpp>

namespace cloacina::engine {

/// When each execution slot wants its next `TimeDue`: a binary heap whose entries can be moved and
/// removed. O(log n) per change, O(1) to look at the earliest. One thread.
class DueQueue {
 public:
  /// Sets, moves or (with nothing) removes the due time of a slot.
  void set(std::uint32_t slot, std::optional<Instant> due);
  [[nodiscard]] std::optional<Instant> earliest() const noexcept;
  /// Removes and returns the slot of the earliest if it is due at `now`.
  [[nodiscard]] std::optional<std::uint32_t> pop_due(Instant now);

 private:
  struct Item {
    Instant due;
    std::uint32_t slot;
  };
  static constexpr std::uint32_t absent = UINT32_MAX;

  void place(std::size_t at, Item item);
  void sift_up(std::size_t at, Item item);
  void sift_down(std::size_t at, Item item);
  void remove_at(std::size_t at);

  std::vector<Item> heap_;
  std::vector<std::uint32_t> position_;  // of each slot in heap_
};

}  // namespace cloacina::engine
