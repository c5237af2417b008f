#pragma once

#include <asio/io_context.hpp>

namespace cloaca {

/// Where answers go that Python waits for without a thread: one thread of the process, which takes
/// the lock for each. Not a runner's worker, which may be busy with a body for as long as it
/// likes. Started when it is first asked for.
[[nodiscard]] asio::io_context& delivery();

/// Ends the thread; without the lock. In the child of a fork it only forgets it.
void end_delivery();

}  // namespace cloaca
