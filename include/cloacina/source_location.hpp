#pragma once

#include <cstdint>

namespace cloacina {

/// A place in a source file. Own type: clang 14 has no `std::source_location`.
struct SourceLocation {
  char const* file = "";
  std::uint32_t line = 0;
};

}  // namespace cloacina
