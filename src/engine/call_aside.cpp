#include "engine/call_aside.hpp"

#include <thread>
#include <utility>

namespace cloacina::engine {

void call_aside(std::vector<std::function<void()>> handlers) {
  if (handlers.empty()) return;
  std::thread{[handlers = std::move(handlers)] {
    for (auto const& handler : handlers) handler();
  }}.detach();
}

}  // namespace cloacina::engine
