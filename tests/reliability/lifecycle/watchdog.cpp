#include "watchdog.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace cloacina::lifecycle {
namespace {

constexpr std::chrono::seconds longest{10};

}  // namespace

Watchdog::Watchdog() : thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock{mutex_};
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::begin(std::uint64_t seed) {
  std::lock_guard lock{mutex_};
  seed_ = seed;
  ++begun_;
  running_ = true;
  changed_.notify_all();
}

void Watchdog::end() {
  std::lock_guard lock{mutex_};
  running_ = false;
}

void Watchdog::watch() {
  std::unique_lock lock{mutex_};
  while (!stop_) {
    auto const seen = begun_;
    if (changed_.wait_for(lock, longest, [&] { return stop_ || begun_ != seen; })) continue;
    if (!running_) continue;
    std::fprintf(stderr, "lifecycle: round %llu hangs\n", static_cast<unsigned long long>(seed_));
    std::abort();
  }
}

}  // namespace cloacina::lifecycle
