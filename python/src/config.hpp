#pragma once

#include <cloacina/runner_config.hpp>

#include "gil.hpp"

namespace cloaca {

/// From the plain values of `cloaca.DefaultRunnerConfig`: those that were set.
[[nodiscard]] cloacina::DefaultRunnerConfig config_of(py::dict const& plain);

}  // namespace cloaca
