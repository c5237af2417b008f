#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <cloacina/runner.hpp>

#include "harness/place.hpp"

namespace bench {

/// What a stretch of work took.
struct LoadSample {
  double seconds = 0;
  double cpu_seconds = 0;  ///< of all threads, the caller's included
  std::uint64_t executions = 0;
  std::uint64_t tasks = 0;
  std::uint64_t commits = 0;

  /// Each execution is two writes, its beginning and its end, each task one; start markers and
  /// claims are not counted, so that work which the raw loop does not do raises no ratio.
  [[nodiscard]] std::uint64_t rows() const noexcept { return tasks + 2 * executions; }
  [[nodiscard]] double rows_per_second() const noexcept {
    return static_cast<double>(rows()) / seconds;
  }
  [[nodiscard]] double tasks_per_second() const noexcept {
    return static_cast<double>(tasks) / seconds;
  }
  [[nodiscard]] double executions_per_second() const noexcept {
    return static_cast<double>(executions) / seconds;
  }
  [[nodiscard]] double cpu_per_task_us() const noexcept {
    return cpu_seconds / static_cast<double>(tasks) * 1e6;
  }
  /// Rows in one transaction, on average; at least 1.
  [[nodiscard]] std::size_t mean_group() const noexcept;
};

/// A workflow under load, in a database that only this process uses.
struct Load {
  cloacina::DefaultRunner& runner;
  Place place;
  std::string_view workflow;
  std::uint64_t tasks_per_execution = 1;

  /// Keeps `in_flight` executions under way for `duration`: as some end, as many are submitted;
  /// then lets the last ones end, which belongs to the sample. Throws `std::runtime_error` if an
  /// execution does not end as Completed.
  [[nodiscard]] LoadSample keep_in_flight(std::size_t in_flight, std::chrono::nanoseconds duration);
  /// Submits `executions` in one call and waits for all; again until `duration` has passed.
  [[nodiscard]] LoadSample all_at_once(std::size_t executions, std::chrono::nanoseconds duration);
  /// Runs `executions`, many at a time, to give the database a past.
  void fill(std::uint64_t executions);
};

}  // namespace bench
