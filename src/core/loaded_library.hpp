#pragma once

#include <memory>

namespace cloacina {

/// Keeps the shared library that holds this code loaded for as long as the pointer lives, whoever
/// else closes it. Code of the program itself stays anyway.
[[nodiscard]] std::shared_ptr<void> keep_loaded(void const* code) noexcept;

}  // namespace cloacina
