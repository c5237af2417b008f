#pragma once

#include <string>

namespace cloacina::engine {

/// Through the spdlog logger named "cloacina"; a host that registers one of that name replaces it.
/// User data only at debug level. Never throws.
void log_debug(std::string const& message) noexcept;
void log_info(std::string const& message) noexcept;
void log_warning(std::string const& message) noexcept;
void log_error(std::string const& message) noexcept;

/// Before a runner has threads: what they log after the end of `main`, when spdlog is gone, is
/// dropped.
void open_log() noexcept;

}  // namespace cloacina::engine
