#pragma once

#include <chrono>
#include <cstdint>

#include <cloacina/detail/cron_fields.hpp>

namespace cloacina {

/// The days of a month on which an expression fires, bit 1 the first. If both days of the month and
/// days of the week are restricted, either is enough, as ever in cron.
[[nodiscard]] std::uint32_t cron_days(detail::CronFields const& fields,
                                      std::chrono::year_month month);

}  // namespace cloacina
