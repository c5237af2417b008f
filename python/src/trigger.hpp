#pragma once

#include <cloacina/schedule.hpp>
#include <cloacina/trigger_definition.hpp>

#include "gil.hpp"

namespace cloaca {

/// From the plain values of `cloaca._triggers`.
[[nodiscard]] cloacina::TriggerDefinition trigger_of(py::dict const& plain);
/// The same of one that the clock fires.
[[nodiscard]] cloacina::CronRegistration cron_of(py::dict const& plain);

}  // namespace cloaca
