#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace cloacina::lifecycle {

/// A round that does not end within ten seconds is a hang: says which, and aborts.
class Watchdog {
 public:
  Watchdog();
  ~Watchdog();
  void begin(std::uint64_t seed);
  void end();

 private:
  void watch();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t seed_ = 0;
  std::uint64_t begun_ = 0;
  bool running_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace cloacina::lifecycle
