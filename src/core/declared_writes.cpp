#include "core/declared_writes.hpp"

namespace cloacina::detail {

std::optional<std::string> missing_write(TaskDefinition const& task, ContextDelta const& delta) {
  std::string keys;
  for (auto const& key : task.writes)
    if (!key.optional && !delta.set.contains(key.name))
      keys += (keys.empty() ? "'" : ", '") + key.name + "'";
  if (keys.empty()) return std::nullopt;
  return "task '" + task.id + "' returned without putting " + keys +
         ", which it declares in .writes; put it, or declare optional(key)";
}

}  // namespace cloacina::detail
