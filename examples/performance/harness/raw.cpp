#include "harness/raw.hpp"

#include "harness/raw_postgres.hpp"
#include "harness/raw_sqlite.hpp"

namespace bench {

using Clock = std::chrono::steady_clock;

std::unique_ptr<RawLoop> RawLoop::make(Place const& place) {
  if (place.is_file()) return std::make_unique<RawSqlite>(place.file);
  return std::make_unique<RawPostgres>(place);
}

double RawLoop::rows_per_second(std::size_t group, std::chrono::nanoseconds duration) {
  if (group == 0) group = 1;
  std::size_t rows = 0;
  auto const start = Clock::now();
  auto now = start;
  for (; now - start < duration; now = Clock::now()) {
    commit_group(group);
    rows += group;
  }
  return static_cast<double>(rows) / std::chrono::duration<double>(now - start).count();
}

Samples RawLoop::commit_times(std::chrono::nanoseconds duration) {
  Samples times;
  auto const start = Clock::now();
  for (auto before = start; before - start < duration;) {
    commit_group(1);
    auto const after = Clock::now();
    times.add(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  return times;
}

}  // namespace bench
