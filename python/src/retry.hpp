#pragma once

#include <string>
#include <vector>

#include <cloacina/retry_policy.hpp>

#include "errors.hpp"

namespace cloaca {

/// A retry policy with the texts of its condition.
struct OwnedPolicy {
  cloacina::RetryPolicy policy;
  std::vector<std::string> patterns;  ///< what `policy.condition` looks for, if it does
  /// Those that a policy of the engine has no place for, as one: it only shows them and hashes
  /// them, since `PythonBody::failure` asks here.
  std::string more_patterns;

  /// The policy, its views pointing into this object.
  [[nodiscard]] cloacina::RetryPolicy view() const;
  /// Whether the condition makes this error worth another attempt.
  [[nodiscard]] bool retries(Raised const& error) const;
};

/// From the plain values that `cloaca._retry.RetryPolicy._plain()` gives.
[[nodiscard]] OwnedPolicy policy_of(py::dict const& plain);

}  // namespace cloaca
