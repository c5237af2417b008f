#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <thread>

namespace cloacina::test {

/// Adds up by how much short sleeps are late: the time in which the machine was with others.
class StandStill {
 public:
  [[nodiscard]] std::chrono::nanoseconds so_far() const {
    return std::chrono::nanoseconds{late_.load()};
  }

 private:
  void watch(std::stop_token const& stop) {
    using namespace std::chrono_literals;
    while (!stop.stop_requested()) {
      auto const due = std::chrono::steady_clock::now() + 5ms;
      std::this_thread::sleep_until(due);
      late_ += (std::chrono::steady_clock::now() - due).count();
    }
  }
  std::atomic<std::int64_t> late_{0};
  std::jthread thread_{[this](std::stop_token const& stop) { watch(stop); }};
};

}  // namespace cloacina::test
