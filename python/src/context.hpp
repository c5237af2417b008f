#pragma once

#include <string_view>

#include <cloacina/context.hpp>
#include <cloacina/detail/context_delta.hpp>

#include "gil.hpp"

namespace cloaca {

/// A Context, a dict, None for an empty one, or what has the plain form of a dict; raises TypeError
/// naming the argument.
[[nodiscard]] cloacina::Context context_of(std::string_view what, py::handle value);

/// A dict of its own.
[[nodiscard]] py::dict to_dict(cloacina::Context const& context);

/// Adds or replaces all keys of a dict, or of what has the form of one; all of them or nothing.
void put_all(cloacina::Context& context, py::handle values);

/// What a body wrote to the context that it was given, equal values included.
[[nodiscard]] cloacina::detail::ContextDelta changes_in_place(cloacina::Context const& given,
                                                              cloacina::Context const& now);
/// What makes `now` of `given`.
[[nodiscard]] cloacina::detail::ContextDelta changes_to(cloacina::Context const& given,
                                                        cloacina::Context const& now);

}  // namespace cloaca
