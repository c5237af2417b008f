#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <cloacina/execution_id.hpp>
#include <cloacina/status.hpp>
#include <cloacina/time.hpp>

namespace cloacina {

/// Told of transitions after they are stored. Derive and override what is of interest.
///
/// Called by one thread of the runner's, one event after the other, in the order in which they were
/// stored; never by the engine, which does not wait for it: a slow observer is only late. What an
/// observer throws is logged and changes nothing. It must not call anything that blocks on its
/// runner.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_execution(ExecutionId /*id*/, std::string_view /*workflow*/,
                            WorkflowStatus /*status*/, Instant /*when*/) {}
  /// `detail` is the error of a failed attempt or task, or the reason of a skip.
  virtual void on_task(ExecutionId /*id*/, std::string_view /*workflow*/, std::string_view /*task*/,
                       TaskStatus /*status*/, std::uint32_t /*attempt*/,
                       std::string_view /*detail*/, Instant /*when*/) {}
  /// This runner took over so many executions of runners that died.
  virtual void on_takeover(std::size_t /*executions*/, Instant /*when*/) {}
};

}  // namespace cloacina
