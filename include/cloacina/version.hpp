#pragma once

namespace cloacina {

/// The version of this library: that of `project(cloacina VERSION …)`, which `./dev lint` compares.
inline constexpr char const* version = "0.1.0";

}  // namespace cloacina
