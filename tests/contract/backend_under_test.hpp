#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/database.hpp"

namespace cloacina::contract {

/// A database of the driver that the suite is run against: new and empty, on a clock that the test
/// moves.
///
/// Another driver adds a class and a line to `make_backend_under_test`; the tests stay as they
/// are.
class BackendUnderTest {
 public:
  virtual ~BackendUnderTest() = default;

  [[nodiscard]] backend::Database& database() { return *database_; }
  /// What each statement reaches first, see `OpenOptions::fault`; empty: nothing happens.
  std::function<void(std::string_view)> fault;
  /// `Database::lease_now`: any time for SQLite, what is added to the server's for PostgreSQL.
  std::chrono::microseconds lease_clock{std::chrono::hours{1}};

  /// A table `samples` with columns id (integer, key), i (integer), d (real), t (text, unique), u
  /// (UUID), at (Instant).
  virtual void create_samples() = 0;
  /// Puts what is no time of ours into `at` of every sample.
  virtual void store_impossible_instant() = 0;
  /// Whether a definition that is no JSON is refused by the table.
  [[nodiscard]] virtual bool stores_only_json() const = 0;
  /// How much of its time may pass beside `lease_clock` during a test.
  [[nodiscard]] virtual std::chrono::microseconds clock_tolerance() const = 0;
  /// What a batch of an execution and a task reaches before it is committed.
  [[nodiscard]] virtual std::vector<std::string> points_of_a_batch() const = 0;

 protected:
  [[nodiscard]] backend::OpenOptions options() {
    backend::OpenOptions options;
    options.lease_clock = [this] { return lease_clock; };
    options.fault = [this](std::string_view point) {
      if (fault) fault(point);
    };
    return options;
  }
  std::unique_ptr<backend::Database> database_;
};

/// The driver named by CLOACINA_CONTRACT_BACKEND ("sqlite" if it is not set).
[[nodiscard]] std::unique_ptr<BackendUnderTest> make_backend_under_test();

}  // namespace cloacina::contract
