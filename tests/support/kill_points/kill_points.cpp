#include "support/kill_points/kill_points.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <atomic>

namespace {

std::atomic<std::uint64_t> operations_on_sockets{0};
std::atomic<std::uint64_t> killed_at{0};

void count_one() {
  if (++operations_on_sockets == killed_at) ::raise(SIGKILL);
}

}  // namespace

/// In the place of the C library's: libpq writes with it. The one thing in the process that does,
/// so that nothing else is counted.
extern "C" [[gnu::visibility("default")]] ssize_t send(int socket, void const* data,
                                                       std::size_t size, int flags) {
  count_one();
  auto const sent = ::sendto(socket, data, size, flags, nullptr, 0);
  count_one();
  return sent;
}

namespace cloacina::test {

KillPoints::KillPoints(std::string_view url, std::uint64_t at) {
  if (url.starts_with("sqlite:")) {
    disk_.emplace(CrashVfs::Crash::kill, at);
  } else {
    killed_at = at;
  }
}

std::uint64_t KillPoints::operations() const noexcept {
  return disk_ ? disk_->operations() : operations_on_sockets.load();
}

}  // namespace cloacina::test
