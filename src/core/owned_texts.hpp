#pragma once

#include <memory>
#include <string>
#include <vector>

#include <cloacina/retry_policy.hpp>

namespace cloacina {

/// The policy with copies of its texts, which live as long as what is added to `owned`.
[[nodiscard]] inline RetryPolicy own_texts(RetryPolicy policy,
                                           std::vector<std::shared_ptr<void const>>& owned) {
  auto const& given = policy.condition.patterns;
  if (given.empty()) return policy;
  auto const texts = std::make_shared<std::vector<std::string> const>(given.begin(), given.end());
  BoundedList<std::string_view, 16> views;
  for (auto const& text : *texts) views.push_back(text);
  policy.condition.patterns = views;
  owned.push_back(texts);
  return policy;
}

}  // namespace cloacina
