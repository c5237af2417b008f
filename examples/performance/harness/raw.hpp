#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "harness/place.hpp"
#include "harness/samples.hpp"

namespace bench {

/// The limit that everything is held against: what the database itself takes, in this process, on
/// the same disk or server.
///
/// A bare loop: one row for each task, in the order of its key, no index, no check, no thread; each
/// group of rows is on the disk before the next begins. Throws `std::runtime_error` with the
/// database's words.
class RawLoop {
 public:
  /// For the kind of database that the place is; made there.
  [[nodiscard]] static std::unique_ptr<RawLoop> make(Place const& place);
  virtual ~RawLoop() = default;

  /// In transactions of `group` rows, for at least `duration`.
  [[nodiscard]] double rows_per_second(std::size_t group, std::chrono::nanoseconds duration);
  /// How long transactions of one row take, in µs, one after the other for at least `duration`.
  [[nodiscard]] Samples commit_times(std::chrono::nanoseconds duration);

 private:
  virtual void commit_group(std::size_t rows) = 0;
};

}  // namespace bench
