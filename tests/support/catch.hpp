// The one way to Catch2: 2.13 (Debian 12) has a single header, 3.x has many.
// Write string matchers in the words of 2.13: Catch::Contains, Catch::StartsWith, Catch::EndsWith.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

namespace Catch {
using Matchers::EndsWith;
using Matchers::StartsWith;
inline auto Contains(std::string const& part) { return Matchers::ContainsSubstring(part); }
}  // namespace Catch

using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
