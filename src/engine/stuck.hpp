#pragma once

#include <chrono>

namespace cloacina::engine {

/// After it was asked to stop, code of users has this long before its thread is said to be stuck.
inline constexpr std::chrono::seconds stuck_after{1};

}  // namespace cloacina::engine
