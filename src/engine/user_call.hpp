#pragma once

#include <functional>
#include <string_view>
#include <vector>

namespace cloacina::engine {

/// Calls something of users; what it throws is logged ("a stop callback threw: …") and goes no
/// further. Only the end of the thread itself passes.
void call_user(std::function<void()> const& call, std::string_view what);

/// Calls handlers, one after the other, on a thread that is made for them: for those that come when
/// no worker is left, since neither the engine nor who shuts a runner down may run them. Few
/// threads serve all callers.
void call_aside(std::vector<std::function<void()>> handlers);

}  // namespace cloacina::engine
