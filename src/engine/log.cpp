#include "engine/log.hpp"

#include <memory>

#include <spdlog/spdlog.h>

namespace cloacina::engine {
namespace {

std::shared_ptr<spdlog::logger> logger() {
  // Looked up each time, so that a host may replace it at any moment; messages are rare.
  if (auto existing = spdlog::get("cloacina")) return existing;
  auto own = spdlog::default_logger()->clone("cloacina");
  own->set_level(spdlog::level::warn);
  try {
    spdlog::register_logger(own);
  } catch (spdlog::spdlog_ex const&) {
    // Another thread was faster.
    if (auto existing = spdlog::get("cloacina")) return existing;
  }
  return own;
}

void log(spdlog::level::level_enum level, std::string const& message) noexcept try {
  logger()->log(level, "{}", message);
} catch (...) {
  // A log that cannot be written must not stop the engine.
}

}  // namespace

void log_debug(std::string const& message) noexcept { log(spdlog::level::debug, message); }
void log_info(std::string const& message) noexcept { log(spdlog::level::info, message); }
void log_warning(std::string const& message) noexcept { log(spdlog::level::warn, message); }
void log_error(std::string const& message) noexcept { log(spdlog::level::err, message); }

}  // namespace cloacina::engine
