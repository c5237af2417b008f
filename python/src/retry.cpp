#include "retry.hpp"

#include <algorithm>
#include <chrono>
#include <random>

#include <cloacina/error.hpp>

#include "bindings.hpp"
#include "conversions.hpp"
#include "core/retry_rules.hpp"

namespace cloaca {
namespace {

constexpr auto most = decltype(cloacina::RetryCondition::patterns)::capacity;

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
  auto const few = std::min(patterns.size(), most - (more_patterns.empty() ? 0 : 1));
  for (std::size_t i = 0; i < few; ++i) viewed.condition.patterns.push_back(patterns[i]);
  if (!more_patterns.empty()) viewed.condition.patterns.push_back(more_patterns);
  return viewed;
}

bool OwnedPolicy::retries(Raised const& error) const {
  auto const info = error_info(error);
  if (more_patterns.empty()) return cloacina::should_retry(view(), info);
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string const& pattern) {
    auto one = policy;
    one.condition.patterns.push_back(pattern);
    return cloacina::should_retry(one, info);
  });
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
  for (auto const& pattern : plain["patterns"].cast<py::list>())
    owned.patterns.emplace_back(text_of("pattern", pattern));
  if (owned.patterns.size() > most)
    for (auto i = most - 1; i < owned.patterns.size(); ++i)
      owned.more_patterns += owned.patterns[i] + '\n';
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
