#include "core/latest_writers.hpp"

#include <algorithm>

namespace cloacina {

std::vector<bool> const& LatestWriters::of(std::vector<TaskIndex> const& writers) {
  if (writers == asked_) return is_latest_;
  asked_ = writers;
  is_latest_.assign(writers.size(), true);
  auto const earliest = writers.front();
  std::vector<bool> reached(writers.back() - earliest + 1, false);
  auto pending = writers;
  while (!pending.empty()) {
    auto const task = pending.back();
    pending.pop_back();
    for (auto const dependency : dependencies_[task]) {
      if (dependency < earliest || reached[dependency - earliest]) continue;
      reached[dependency - earliest] = true;
      auto const writer = std::lower_bound(writers.begin(), writers.end(), dependency);
      if (writer != writers.end() && *writer == dependency) {
        is_latest_[static_cast<std::size_t>(writer - writers.begin())] =
            false;  // its own search began with the others
      } else {
        pending.push_back(dependency);
      }
    }
  }
  return is_latest_;
}

}  // namespace cloacina
