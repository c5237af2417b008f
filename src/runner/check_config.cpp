#include "runner/check_config.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <cloacina/error.hpp>

#include "core/duration.hpp"
#include "core/utf8.hpp"

namespace cloacina::detail {
namespace {

class Complaints {
 public:
  template <class Number>
  void range(std::string_view field, Number value, Number least, Number most,
             std::string_view unit = "") {
    if (value >= least && value <= most) return;
    add(field, std::to_string(value) + std::string{unit} + " is out of range; " +
                   std::to_string(least) + " to " + std::to_string(most) + std::string{unit} +
                   " are allowed");
  }
  void range(std::string_view field, std::chrono::milliseconds value,
             std::chrono::milliseconds least, std::chrono::milliseconds most) {
    range(field, value.count(), least.count(), most.count(), " ms");
  }
  void limit(std::string_view field, std::chrono::milliseconds value) {
    if (in_range(value)) return;
    add(field, format_duration(value) + " is out of range; " + std::string{allowed_durations} +
                   " are allowed, 0 for no limit");
  }
  void add(std::string_view field, std::string const& problem) {
    if (!fields_.empty()) fields_ += ", ";
    fields_ += field;
    problems_ += "\n  " + std::string{field} + ": " + problem;
  }
  void throw_if_any() const {
    if (!fields_.empty())
      throw ConfigurationError{"invalid runner configuration:" + problems_, fields_};
  }

 private:
  std::string fields_;
  std::string problems_;
};

}  // namespace

void check_config(DefaultRunnerConfig const& config) {
  using namespace std::chrono_literals;
  Complaints complaints;
  complaints.range<std::size_t>("max_concurrent_tasks", config.max_concurrent_tasks, 1, 1'024);
  complaints.range<std::size_t>("max_concurrent_async_tasks", config.max_concurrent_async_tasks, 1,
                                1'000'000);
  complaints.range("scheduler_poll_interval", config.scheduler_poll_interval, 1ms, 1h);
  complaints.range<std::size_t>("cron_max_catchup_executions", config.cron_max_catchup_executions,
                                1, 10'000);
  complaints.limit("task_timeout", config.task_timeout);
  complaints.limit("workflow_timeout", config.workflow_timeout);
  complaints.limit("trigger_poll_timeout", config.trigger_poll_timeout);
  complaints.range<std::size_t>("db_pool_size", config.db_pool_size, 1, 1'000);
  complaints.range("lease", config.lease, 100ms, 1h);
  complaints.range<std::size_t>("max_active_executions", config.max_active_executions, 1,
                                10'000'000);
  complaints.range<std::uint32_t>("max_crashes", config.max_crashes, 3, 100);
  complaints.range<std::size_t>("max_context_bytes", config.max_context_bytes, 1'024,
                                std::size_t{1} << 30, " bytes");
  if (config.runner_name.size() > 256) {
    complaints.add("runner_name", "longer than 256 bytes");
  } else if (!is_storable_utf8(config.runner_name)) {
    complaints.add("runner_name", "not text; UTF-8 without NUL is allowed");
  }
  complaints.throw_if_any();
}

}  // namespace cloacina::detail
