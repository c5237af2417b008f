#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <cloacina/context.hpp>

namespace cloacina::detail {

/// What one task changed: the only part of a context that is stored per task.
/// A key is in `set` or in `removed`, never in both.
struct ContextDelta {
  Context set;
  std::vector<std::string> removed;

  [[nodiscard]] bool empty() const noexcept { return set.empty() && removed.empty(); }
  /// `{"set":{…},"removed":["k"]}`; a part that is empty is left out, an empty delta is "{}".
  [[nodiscard]] std::string to_json() const;
  /// Throws `ValidationError`.
  [[nodiscard]] static ContextDelta from_json(std::string_view text);
};

}  // namespace cloacina::detail
