#pragma once

#include <asio/io_context.hpp>

namespace cloaca {

/// Where answers go that Python waits for without a thread: one thread of the process, which takes
/// the lock for each. Not a runner's worker, which may be busy with a body for as long as it
/// likes. Started when it is first asked for.
[[nodiscard]] asio::io_context& delivery();
/// The same for log records, which a handler may take any time over.
[[nodiscard]] asio::io_context& log_delivery();

/// Waits until the log records so far are handled, at most a second; without the lock.
void flush_log_delivery();
/// Ends the threads; without the lock. In the child of a fork it only forgets them.
void end_delivery();

}  // namespace cloaca
