#include "config.hpp"

#include <chrono>
#include <string>

namespace cloaca {
namespace {

template <class Field>
void take(py::dict const& plain, char const* name, Field& field) {
  if (plain.contains(name)) field = plain[name].cast<Field>();
}

/// Whole milliseconds, as Python counted them.
void take(py::dict const& plain, char const* name, std::chrono::milliseconds& field) {
  if (plain.contains(name)) field = std::chrono::milliseconds{plain[name].cast<std::int64_t>()};
}

}  // namespace

cloacina::DefaultRunnerConfig config_of(py::dict const& plain) {
  cloacina::DefaultRunnerConfig config;
  take(plain, "max_concurrent_tasks", config.max_concurrent_tasks);
  take(plain, "max_concurrent_async_tasks", config.max_concurrent_async_tasks);
  take(plain, "scheduler_poll_interval", config.scheduler_poll_interval);
  take(plain, "task_timeout", config.task_timeout);
  take(plain, "workflow_timeout", config.workflow_timeout);
  take(plain, "db_pool_size", config.db_pool_size);
  take(plain, "enable_recovery", config.enable_recovery);
  take(plain, "enable_cron_scheduling", config.enable_cron_scheduling);
  take(plain, "cron_max_catchup_executions", config.cron_max_catchup_executions);
  take(plain, "enable_trigger_scheduling", config.enable_trigger_scheduling);
  take(plain, "trigger_poll_timeout", config.trigger_poll_timeout);
  take(plain, "lease", config.lease);
  take(plain, "max_active_executions", config.max_active_executions);
  take(plain, "max_crashes", config.max_crashes);
  take(plain, "max_context_bytes", config.max_context_bytes);
  take(plain, "runner_name", config.runner_name);
  return config;
}

}  // namespace cloaca
