#include "engine/execution_table.hpp"

#include <utility>

namespace cloacina::engine {

Entry& ExecutionTable::add(ExecutionState&& state) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
    generations_.push_back(0);
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  auto entry = std::make_unique<Entry>();
  entry->slot = slot;
  entry->generation = generations_[slot];
  entry->state = std::move(state);
  by_id_.insert_or_assign(entry->state.id, slot);
  return *(slots_[slot] = std::move(entry));
}

void ExecutionTable::erase(Entry& entry) {
  auto const slot = entry.slot;
  if (auto const it = by_id_.find(entry.state.id); it != by_id_.end() && it->second == slot)
    by_id_.erase(it);
  ++generations_[slot];
  free_.push_back(slot);
  slots_[slot].reset();
}

void ExecutionTable::clear() {
  for (auto& slot : slots_)
    if (slot) erase(*slot);
}

Entry* ExecutionTable::find(SlotRef ref) noexcept {
  if (ref.slot >= slots_.size() || generations_[ref.slot] != ref.generation) return nullptr;
  return slots_[ref.slot].get();
}

Entry* ExecutionTable::find(ExecutionId id) noexcept {
  auto const it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : slots_[it->second].get();
}

}  // namespace cloacina::engine
