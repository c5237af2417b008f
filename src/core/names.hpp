#pragma once

#include <string_view>

#include <cloacina/detail/task_info.hpp>

#include "core/utf8.hpp"

namespace cloacina {

/// Whether it may name a workflow, a task or another part of a TaskNamespace; spaces may be in it.
[[nodiscard]] inline bool is_valid_name(std::string_view text) noexcept {
  return detail::is_name(text) && is_valid_utf8(text);
}

}  // namespace cloacina
