#include <cloacina/trigger_definition.hpp>

#include <cloacina/detail/task_run.hpp>

namespace cloacina {

std::stop_token TriggerContext::stop_token() const noexcept { return run_->stop; }
std::optional<Instant> TriggerContext::deadline() const noexcept { return run_->deadline; }
asio::awaitable<void> TriggerContext::async_sleep_for(WaitTime duration) {
  return run_->sleeper->sleep(duration.value(), run_->stop);
}

}  // namespace cloacina
