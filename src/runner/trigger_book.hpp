#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <cloacina/schedules.hpp>

#include "runner/schedule_book.hpp"

namespace cloacina::detail {

/// The event triggers of a database, for a runner or a client. Thread-safe.
class TriggerBook {
 public:
  explicit TriggerBook(ScheduleBook::Parts const& parts) : parts_(parts) {}

  /// What is registered already keeps its state, and whether it is enabled. Throws
  /// `ValidationError` and `WorkflowNotFound` before anything is stored.
  void register_all(std::vector<TriggerDefinition> const& triggers);
  [[nodiscard]] std::vector<TriggerSchedule> list(ListSchedulesOptions const& options) const;
  [[nodiscard]] TriggerSchedule get(std::string_view name) const;
  void enable(std::string_view name, bool enabled);
  void remove(std::string_view name);
  [[nodiscard]] std::vector<TriggerFiring> history(std::string_view name, std::size_t limit,
                                                   std::size_t offset) const;

 private:
  [[nodiscard]] dal::ScheduleRow checked_row(TriggerDefinition const& trigger) const;
  [[nodiscard]] dal::ScheduleRow row_of(std::string_view name) const;
  /// Under a lock of its row, in a transaction; throws `ScheduleNotFound`.
  template <class Change>
  void change(std::string_view name, Change&& change);

  ScheduleBook::Parts const& parts_;
};

}  // namespace cloacina::detail
