#pragma once

#include <cloacina/runner.hpp>

namespace cloaca {

/// With the lock, which is free meanwhile. Ctrl-C on the main thread ends the patience, not the
/// order: then nothing is waited for any more.
void shut_down(cloacina::DefaultRunner& runner, double seconds);

}  // namespace cloaca
