#pragma once

#include <cstdint>

namespace cloacina {

/// Position of a task in its workflow's topological order (ties: position in `.tasks`).
using TaskIndex = std::uint32_t;

}  // namespace cloacina
