#pragma once

#include "runner.hpp"

namespace cloaca {

/// What a runner does with schedules, on its class.
void bind_schedules(py::class_<Runner>& runner);
void bind_trigger_schedules(py::class_<Runner>& runner);

}  // namespace cloaca
