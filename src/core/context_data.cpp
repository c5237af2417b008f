#include <cloacina/detail/context_data.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace cloacina::detail {

ContextData::Entry const* ContextData::find(std::string_view key) const noexcept {
  auto const position = position_of(key);
  return position == not_there ? nullptr : &entries_[position];
}

void ContextData::put(std::string_view key, SharedJson value, WriteOrigin origin) {
  auto const position = position_of(key);
  if (position == not_there) {
    add(key, std::move(value), origin);
  } else {
    entries_[position].value = std::move(value);
    entries_[position].origin = origin;
  }
}

bool ContextData::remove(std::string_view key) {
  auto const position = position_of(key);
  if (position == not_there) return false;
  if (slots_.empty()) {
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(position));
  } else {
    // The place stays, so that no other position moves; `add` puts a returning key at the end.
    entries_[position].value = {};
    ++removed_;
    if (removed_ > largest_unindexed && removed_ * 2 > entries_.size()) rebuild_index();
  }
  return true;
}

void ContextData::forget_origins() noexcept {
  for (auto& entry : entries_) entry.origin = {};
}

std::size_t ContextData::position_of(std::string_view key) const noexcept {
  if (slots_.empty()) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].key == key) return i;
    }
    return not_there;
  }
  auto const slot = slots_[slot_of(key)];
  return slot != 0 && entries_[slot - 1].value ? slot - 1 : not_there;
}

/// The slot that holds `key` (perhaps a removed entry of it), or the free one where it would go.
std::size_t ContextData::slot_of(std::string_view key) const noexcept {
  auto const mask = slots_.size() - 1;
  auto slot = std::hash<std::string_view>{}(key)&mask;
  while (slots_[slot] != 0 && entries_[slots_[slot] - 1].key != key) slot = (slot + 1) & mask;
  return slot;
}

void ContextData::add(std::string_view key, SharedJson value, WriteOrigin origin) {
  if (entries_.size() >= largest_unindexed && (entries_.size() + 1) * 2 > slots_.size())
    rebuild_index();
  if (entries_.empty()) entries_.reserve(4);
  entries_.push_back({std::string{key}, std::move(value), origin});
  if (!slots_.empty()) slots_[slot_of(key)] = static_cast<std::uint32_t>(entries_.size());
}

void ContextData::rebuild_index() {
  if (removed_ > 0) {
    std::erase_if(entries_, [](Entry const& entry) { return !entry.value; });
    removed_ = 0;
  }
  std::size_t size = 64;
  while (size < (entries_.size() + 1) * 4) size *= 2;
  slots_.assign(size, 0);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    slots_[slot_of(entries_[i].key)] = static_cast<std::uint32_t>(i + 1);
}

}  // namespace cloacina::detail
