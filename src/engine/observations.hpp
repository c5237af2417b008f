#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <cloacina/environment.hpp>
#include <cloacina/observer.hpp>
#include <cloacina/workflow.hpp>

namespace cloacina::engine {

/// One stored transition, on its way to the observer.
struct Observation {
  enum class Kind : std::uint8_t { execution, task, takeover } kind = Kind::execution;
  ExecutionId id{};
  std::shared_ptr<detail::WorkflowData const> workflow;
  WorkflowStatus workflow_status{};
  TaskStatus task_status{};
  TaskIndex task = 0;
  std::uint32_t attempt = 0;
  std::string detail;
  std::size_t executions = 0;
  Instant when{};
};

/// Carries transitions from the engine to an observer, on a thread of its own and in order.
class Observations {
 public:
  /// `owner`: see `ThreadRole`.
  Observations(std::shared_ptr<Observer> observer, Environment const& environment,
               std::shared_ptr<void const> owner);
  /// Delivers what is left, then joins; an observer that hangs is left behind after a second.
  ~Observations();
  Observations(Observations const&) = delete;
  Observations& operator=(Observations const&) = delete;

  void post(std::vector<Observation>&& observations);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace cloacina::engine
