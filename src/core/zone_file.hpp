#pragma once

#include <memory>
#include <string_view>

#include "core/cron.hpp"

namespace cloacina {

/// A time zone from the bytes of its file, as zic writes it (TZif, RFC 8536, all versions). Throws
/// `ValidationError` saying what is wrong with them.
[[nodiscard]] std::shared_ptr<TimeZone const> read_zone_file(std::string_view bytes);

}  // namespace cloacina
