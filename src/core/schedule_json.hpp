#pragma once

#include <string>
#include <string_view>

#include <cloacina/schedule.hpp>

namespace cloacina {

/// What `schedules.options` holds: policies, jitter, start, end and parameters. Zone and name have
/// columns of their own, and `enabled` is `paused`.
[[nodiscard]] std::string options_text(CronOptions const& options);
/// Throws `BackendError` for what cannot be read.
[[nodiscard]] CronOptions options_from(std::string_view text);

}  // namespace cloacina
