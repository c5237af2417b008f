#pragma once

#include <functional>
#include <vector>

namespace cloacina::engine {

/// Runs handlers of users, one after the other, on a thread made for it: for those that come when
/// no worker is left, since neither the engine nor who shuts a runner down may run them.
void call_aside(std::vector<std::function<void()>> handlers);

}  // namespace cloacina::engine
