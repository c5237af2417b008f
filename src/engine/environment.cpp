#include <cloacina/environment.hpp>

#include <random>

#include "core/uuid7.hpp"

namespace cloacina {

Environment Environment::system() {
  Environment environment;
  environment.now = [] {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  };
  environment.monotonic = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
  };
  auto generator = std::make_shared<std::mt19937_64>(std::random_device{}());
  environment.random = [generator] { return std::uniform_real_distribution<double>{0.0, 1.0}(*generator); };
  environment.new_id = [ids = std::make_shared<Uuid7Generator>()] { return ids->next(); };
  return environment;
}

}  // namespace cloacina
