#include <cloacina/task_context.hpp>

#include <cloacina/detail/task_body.hpp>
#include <cloacina/error.hpp>
#include <cloacina/task_definition.hpp>

namespace cloacina {

std::string const& TaskContextBase::task_id() const noexcept { return run_->task->id; }

std::string TaskContextBase::idempotency_key() const {
  return run_->execution.to_string() + "/" + run_->task->id;
}

void TaskContextBase::block_for(WaitTime duration) {
  if (run_->task->body && run_->task->body->co_run)
    throw TaskError("task '" + run_->task->id +
                    "': sleep_for would block the thread that all coroutines share; "
                    "use co_await context.async_sleep_for(…)");
  run_->sleeper->block(duration.value(), run_->stop);
}

}  // namespace cloacina
