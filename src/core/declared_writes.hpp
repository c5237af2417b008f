#pragma once

#include <optional>
#include <string>

#include <cloacina/detail/context_delta.hpp>
#include <cloacina/task_definition.hpp>

namespace cloacina::detail {

/// What to say of a body that returned without putting a key that its task declares, or nothing if
/// it put them all. Keys written as `optional(key)` may be left out.
[[nodiscard]] std::optional<std::string> missing_write(TaskDefinition const& task,
                                                       ContextDelta const& delta);

}  // namespace cloacina::detail
