#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <cloacina/status.hpp>

#include "dal/rows.hpp"

namespace cloacina::backend {
class Session;
}

namespace cloacina::dal {

/// What somebody who does not own an execution wants of it (R12).
struct CancelAsk {
  ExecutionId request{};  ///< made by who asks; the same when it asks again after a lost answer
  ExecutionId execution{};
  std::string_view reason;  ///< as the execution's error will say it
  Instant now{};
};

struct CancelAnswer {
  enum class Kind : unsigned char {
    applied,    ///< it is Cancelled, by this very request
    waiting,    ///< stored, for its owner to apply
    unowned,    ///< stored, and its owner has gone: ask once more
    too_late,   ///< it is final, and was so before
    not_found,  ///< there is no such execution
  } kind{};
  WorkflowStatus status{};  ///< as it is now
};

/// Asks in one transaction that holds the execution's row: one that nobody owns is cancelled at
/// once, by what waits for it first; its owner is left a request.
[[nodiscard]] CancelAnswer ask_to_cancel(backend::Session&, CancelAsk const&);
/// What became of a request that waits.
[[nodiscard]] CancelAnswer answer_to(backend::Session&, ExecutionId request);

/// A request that waits.
struct ControlRequestRow {
  ExecutionId id{}, execution{};
  std::string payload;  ///< of a cancellation: its reason
  bool owned = false;   ///< by the runner that reads; else by nobody
};
/// What waits for the executions of `runner`, and for those of nobody; in the order of their ids.
[[nodiscard]] std::vector<ControlRequestRow> waiting_requests(backend::Session&, RunnerId runner);

/// One that the owner of its execution has applied.
struct AppliedRequest {
  ExecutionId id{};
  Instant at{};
};
/// In a transaction of the owner: marks those.
void mark_applied(backend::Session&, std::vector<AppliedRequest> const&);
/// In a transaction that made executions final: their other requests will never be applied.
void mark_too_late(backend::Session&, Instant now);

/// One that waits for an execution of nobody.
struct UnownedCancel {
  ExecutionId request{}, execution{};
  std::string_view reason;
  Instant at{};
};
/// In a fenced transaction of any runner: applies it, or marks it too late. Leaves it alone if
/// somebody owns the execution by now.
void cancel_unowned(backend::Session&, std::vector<UnownedCancel> const&);

}  // namespace cloacina::dal
