#include "harness/usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

namespace bench {

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto const seconds = [](timeval const& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double idle_cpu(std::chrono::nanoseconds duration) {
  auto const cpu = cpu_seconds();
  auto const start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(duration);
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
  return (cpu_seconds() - cpu) / took.count() * 100.0;
}

double resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  double total_pages = 0;
  double resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double written_bytes() {
  std::ifstream file{"/proc/self/io"};
  std::string name;
  double value = 0;
  while (file >> name >> value)
    if (name == "wchar:") return value;
  return 0;
}

}  // namespace bench
