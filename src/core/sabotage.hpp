#pragma once

#include <cstdlib>
#include <string_view>

namespace cloacina {

/// Whether the environment variable CLOACINA_MUTANT asks for this sabotage: the reliability trials
/// must notice each one that they name. Always false in the library: only the objects that the
/// trials link are compiled with CLOACINA_SABOTAGE.
[[nodiscard]] inline bool is_sabotaged([[maybe_unused]] std::string_view name) noexcept {
#ifdef CLOACINA_SABOTAGE
  char const* const mutant = std::getenv("CLOACINA_MUTANT");
  return mutant != nullptr && mutant == name;
#else
  return false;
#endif
}

}  // namespace cloacina
