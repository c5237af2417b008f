#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include <cloacina/environment.hpp>
#include <cloacina/registry.hpp>
#include <cloacina/schedules.hpp>

#include "backend/database.hpp"
#include "dal/schedules.hpp"
#include "runner/client_session.hpp"

namespace cloacina::detail {

/// The schedules of a database, for a runner or a client. Thread-safe.
class ScheduleBook {
 public:
  struct Parts {
    backend::Database& database;
    ClientSession& session;
    Environment const& environment;
    std::function<Registry::Snapshot()> workflows;  ///< what can be scheduled
    std::size_t max_context_bytes = 0;
    std::function<void()> check_writable;  ///< throws if the caller may not, or not any more
    std::function<void()> changed;         ///< what is due may be another
  };
  explicit ScheduleBook(Parts parts) : parts_(std::move(parts)) {}

  std::vector<ScheduleId> register_all(std::vector<CronRegistration> const& registrations);
  [[nodiscard]] std::vector<CronSchedule> list(ListSchedulesOptions const& options) const;
  [[nodiscard]] CronSchedule get(ScheduleId id) const;
  void update(ScheduleId id, std::string_view expression, std::string_view timezone);
  void enable(ScheduleId id, bool enabled);
  void remove(ScheduleId id);
  std::optional<ExecutionId> trigger(ScheduleId id);
  std::vector<ExecutionId> backfill(ScheduleId id, Instant from, Instant to);
  [[nodiscard]] std::vector<CronFiring> history(ScheduleId id, std::size_t limit,
                                                std::size_t offset) const;
  [[nodiscard]] CronStats stats(Instant since) const;
  [[nodiscard]] Parts const& parts() const noexcept { return parts_; }

 private:
  [[nodiscard]] dal::ScheduleRow row_of(ScheduleId id) const;
  /// The row that a registration asks for, checked.
  [[nodiscard]] dal::ScheduleRow checked_row(CronRegistration const& registration) const;
  /// Under a lock of its row, in a transaction; throws `ScheduleNotFound`.
  template <class Change>
  auto change(ScheduleId id, Change&& change);

  Parts parts_;
};

}  // namespace cloacina::detail
