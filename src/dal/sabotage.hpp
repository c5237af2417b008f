#pragma once

#include <cstdlib>
#include <string_view>

namespace cloacina::dal {

/// Whether the environment variable CLOACINA_MUTANT asks for this sabotage: the reliability trials
/// must notice each one that they name. Only in trees that build the tests; always false in a
/// library that is installed.
[[nodiscard]] inline bool is_sabotaged([[maybe_unused]] std::string_view name) noexcept {
#ifdef CLOACINA_BUILD_TESTS
  char const* const mutant = std::getenv("CLOACINA_MUTANT");
  return mutant != nullptr && mutant == name;
#else
  return false;
#endif
}

}  // namespace cloacina::dal
