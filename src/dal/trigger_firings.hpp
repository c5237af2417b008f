#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <cloacina/trigger_schedule.hpp>

#include "dal/firings.hpp"

namespace cloacina::dal {

/// Of these context hashes those with which the trigger has fired an execution that is not final.
using UnfinishedHashes = std::function<std::set<std::string, std::less<>>(
    std::vector<std::string_view> const& context_hashes)>;

struct PollRequest {
  Instant now{};
  std::string_view names;  ///< a JSON list of the triggers that were polled
  /// Nothing: nothing of it is stored.
  std::function<std::optional<ScheduleDecision>(ScheduleRow&&, UnfinishedHashes const&)> decide;
};
/// Behind the fence: holds the triggers, decides, writes.
[[nodiscard]] Outcome write_polls(backend::Database&, backend::Session&, Fence const&,
                                  PollRequest const&);
/// Behind the fence, see `claim_triggers` of dal/schedules.hpp.
[[nodiscard]] Outcome claim_triggers(backend::Database&, backend::Session&, Fence const&,
                                     std::string_view names);

/// Behind the fence: the triggers of these names that this runner polls are polled by nobody.
[[nodiscard]] Outcome release_triggers(backend::Database&, backend::Session&, Fence const&,
                                       std::string_view names);

/// Newest first.
[[nodiscard]] std::vector<TriggerFiring> list_trigger_firings(backend::Session&, ScheduleId,
                                                              std::size_t limit,
                                                              std::size_t offset);

}  // namespace cloacina::dal
