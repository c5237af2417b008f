#include "retry.hpp"

#include <chrono>
#include <random>

#include <cloacina/error.hpp>

#include "bindings.hpp"
#include "conversions.hpp"
#include "core/retry_rules.hpp"

namespace cloaca {
namespace {

cloacina::ErrorInfo error_info(Raised const& error) {
  cloacina::ErrorInfo info;
  info.text = error.summary;
  info.is_transient = error.is_transient;
  info.is_permanent = error.is_permanent;
  info.is_timeout = error.is_timeout;
  info.is_io = error.is_io;
  return info;
}

double calculate_delay(py::dict const& plain, std::uint32_t attempt) {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  std::uniform_real_distribution<double> uniform{0.0, 1.0};
  auto const owned = policy_of(plain);
  auto const delay = cloacina::delay_before(attempt + 1, owned.view(), uniform(engine));
  return std::chrono::duration<double>{delay}.count();
}

bool should_retry(py::dict const& plain, std::string const& error) {
  Raised raised;
  raised.summary = error;
  return policy_of(plain).retries(raised);
}

/// Everything that is wrong with it; ValueError.
void check_policy(py::dict const& plain) {
  std::string text;
  for (auto const& problem : cloacina::validate(policy_of(plain).view()))
    text += (text.empty() ? "" : "; ") + problem;
  if (!text.empty()) throw py::value_error("Invalid retry policy: " + text);
}

}  // namespace

cloacina::RetryPolicy OwnedPolicy::view() const {
  auto viewed = policy;
  for (auto const& pattern : patterns) viewed.condition.patterns.push_back(pattern);
  return viewed;
}

bool OwnedPolicy::retries(Raised const& error) const {
  return cloacina::should_retry(view(), error_info(error));
}

OwnedPolicy policy_of(py::dict const& plain) {
  OwnedPolicy owned;
  auto& policy = owned.policy;
  policy.max_attempts = plain["max_attempts"].cast<std::uint32_t>();
  policy.initial_delay = std::chrono::milliseconds{plain["initial_delay_ms"].cast<std::int64_t>()};
  policy.max_delay = std::chrono::milliseconds{plain["max_delay_ms"].cast<std::int64_t>()};
  policy.backoff = cloacina::backoff_from(plain["backoff"].cast<std::string>());
  policy.factor = plain["factor"].cast<double>();
  policy.multiplier = plain["multiplier"].cast<double>();
  policy.jitter = plain["jitter"].cast<bool>();
  policy.condition.on = cloacina::retry_on_from(plain["condition"].cast<std::string>());
  auto const patterns = plain["patterns"].cast<py::list>();
  constexpr auto most = decltype(policy.condition.patterns)::capacity;
  if (patterns.size() > most)
    throw py::value_error("retry_condition: " + std::to_string(patterns.size()) +
                          " patterns; expected at most " + std::to_string(most));
  for (auto const& pattern : patterns) owned.patterns.emplace_back(text_of("pattern", pattern));
  return owned;
}

void bind_retry(py::module_& module) {
  module.def("calculate_delay", &calculate_delay, py::arg("policy"), py::arg("attempt"),
             "Seconds to wait after attempt number `attempt`.");
  module.def("should_retry", &should_retry, py::arg("policy"), py::arg("error"),
             "Whether the condition makes an error of this text worth another attempt.");
  module.def("check_policy", &check_policy, py::arg("policy"));
}

}  // namespace cloaca
