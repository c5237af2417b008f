#include <cloacina/environment.hpp>

#include <mutex>
#include <random>

#include "core/uuid7.hpp"

namespace cloacina {

namespace {

/// From more than one word: with 32 bits two of a few thousand processes would make the same ids.
std::mt19937_64 seeded() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64{seed};
}

/// Runners that are given one environment share it.
class RandomSource {
 public:
  double next() {
    std::lock_guard lock{mutex_};
    return std::uniform_real_distribution<double>{0.0, 1.0}(random_);
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_ = seeded();
};

class IdSource {
 public:
  ExecutionId next() {
    using namespace std::chrono;
    auto const now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
    std::lock_guard lock{mutex_};
    auto const high = random_();
    return ids_.next(static_cast<std::uint64_t>(now.count()), high, random_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_ = seeded();
  Uuid7Generator ids_;
};

}  // namespace

Environment Environment::system() {
  Environment environment;
  environment.now = [] {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  };
  environment.monotonic = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  };
  environment.random = [source = std::make_shared<RandomSource>()] { return source->next(); };
  environment.new_id = [source = std::make_shared<IdSource>()] { return source->next(); };
  return environment;
}

}  // namespace cloacina
