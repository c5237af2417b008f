#include <cloacina/execution_handle.hpp>

#include <utility>

#include <cloacina/error.hpp>

#include "engine/completion.hpp"
#include "runner/machine.hpp"

namespace cloacina {

std::shared_ptr<detail::Machine> ExecutionHandle::machine() const {
  auto alive = machine_.lock();
  if (!alive)
    throw RunnerStopped{
        "the runner of this handle is gone; ask another runner for this execution by its id"};
  return alive;
}

ExecutionId ExecutionHandle::id() const { return completion_->id(); }
WorkflowStatus ExecutionHandle::status() const { return machine()->status(id()); }

// Before anything else: a thread that the child has not got may have held any lock.
void ExecutionHandle::check_not_forked() const {
  if (auto const alive = machine_.lock()) alive->check_not_forked();
}

ExecutionResult ExecutionHandle::wait() const {
  check_not_forked();
  if (!completion_->signal().is_set()) (void)machine()->wait(completion_->signal(), std::nullopt);
  return completion_->result();
}

std::optional<ExecutionResult> ExecutionHandle::wait_for(WaitTime timeout) const {
  check_not_forked();
  if (!completion_->signal().is_set() && !machine()->wait(completion_->signal(), timeout.value()))
    return std::nullopt;
  return completion_->result();
}

void ExecutionHandle::cancel(std::string_view reason) const { machine()->cancel(id(), reason); }

void ExecutionHandle::when_final(
    std::function<void(std::exception_ptr, ExecutionResult)> done) const {
  // Strong: the wait goes on when the handle is gone. The signal drops the callback when it is set,
  // which a shutdown does.
  check_not_forked();
  completion_->signal().when_set([completion = completion_, done = std::move(done)] {
    std::exception_ptr error;
    ExecutionResult result;
    try {
      result = completion->result();
    } catch (...) {
      error = std::current_exception();
    }
    done(std::move(error), std::move(result));
  });
}

detail::RunOnWorker ExecutionHandle::run_on_worker() const {
  return detail::run_on_worker_of(machine_);
}

}  // namespace cloacina
