#pragma once

#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/log.hpp"

namespace cloacina::engine {

/// A thread, or nothing where the system refuses one more: who can go on without it tries again
/// later.
template <class Work>
[[nodiscard]] std::optional<std::thread> start_thread(Work&& work) {
  try {
    return std::thread{std::forward<Work>(work)};
  } catch (std::system_error const& error) {
    log_error(std::string{"cloacina: the system refuses another thread for now: "} + error.what());
    return std::nullopt;
  }
}

}  // namespace cloacina::engine
