#include "engine/due_queue.hpp"

namespace cloacina::engine {

void DueQueue::set(std::uint32_t slot, std::optional<Instant> due) {
  if (slot >= position_.size()) {
    if (!due) return;
    position_.resize(slot + 1, absent);
  }
  auto const at = position_[slot];
  if (!due) {
    if (at != absent) remove_at(at);
    return;
  }
  if (at == absent) {
    heap_.emplace_back();
    sift_up(heap_.size() - 1, {*due, slot});
  } else if (*due < heap_[at].due) {
    sift_up(at, {*due, slot});
  } else if (heap_[at].due < *due) {
    sift_down(at, {*due, slot});
  }
}

std::optional<Instant> DueQueue::earliest() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().due;
}

std::optional<std::uint32_t> DueQueue::pop_due(Instant now) {
  if (heap_.empty() || now < heap_.front().due) return std::nullopt;
  auto const slot = heap_.front().slot;
  remove_at(0);
  return slot;
}

void DueQueue::place(std::size_t at, Item item) {
  heap_[at] = item;
  position_[item.slot] = static_cast<std::uint32_t>(at);
}

void DueQueue::sift_up(std::size_t at, Item item) {
  while (at > 0) {
    auto const parent = (at - 1) / 2;
    if (!(item.due < heap_[parent].due)) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, item);
}

void DueQueue::sift_down(std::size_t at, Item item) {
  for (;;) {
    auto child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].due < heap_[child].due) ++child;
    if (!(heap_[child].due < item.due)) break;
    place(at, heap_[child]);
    at = child;
  }
  place(at, item);
}

void DueQueue::remove_at(std::size_t at) {
  position_[heap_[at].slot] = absent;
  auto const last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;
  if (at > 0 && last.due < heap_[(at - 1) / 2].due)
    sift_up(at, last);
  else
    sift_down(at, last);
}

}  // namespace cloacina::engine
