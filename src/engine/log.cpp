#include "engine/log.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

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

// Threads that were left behind go on while the program ends and destroys what spdlog keeps.
constinit std::atomic<bool> over{false};
constinit std::atomic<int> inside{0};

struct Inside {
  Inside() { ++inside; }
  ~Inside() { --inside; }
};

/// Made after spdlog's own statics, and so destroyed before them.
struct EndOfLog {
  EndOfLog() { (void)spdlog::get("cloacina"); }
  ~EndOfLog() {
    using namespace std::chrono_literals;
    over = true;
    auto const give_up = std::chrono::steady_clock::now() + 100ms;  // a sink may never return
    while (inside > 0 && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(1ms);
  }
};

void log(spdlog::level::level_enum level, std::string const& message) noexcept try {
  open_log();
  Inside const here;
  if (!over) logger()->log(level, "{}", message);
} catch (...) {
  // A log that cannot be written must not stop the engine.
}

}  // namespace

void open_log() noexcept {
  try {
    static EndOfLog const end;
  } catch (...) {  // without memory there is no log
  }
}

void log_debug(std::string const& message) noexcept { log(spdlog::level::debug, message); }
void log_info(std::string const& message) noexcept { log(spdlog::level::info, message); }
void log_warning(std::string const& message) noexcept { log(spdlog::level::warn, message); }
void log_error(std::string const& message) noexcept { log(spdlog::level::err, message); }

}  // namespace cloacina::engine
