#pragma once

#include <cloacina/runner_config.hpp>

namespace cloacina::detail {

/// Throws one `ConfigurationError` that names every field that is out of range, its value and the
/// range.
void check_config(DefaultRunnerConfig const& config);

}  // namespace cloacina::detail
