#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <cloacina/context.hpp>

namespace cloacina {

/// Why a context may not be stored whose JSON text has `bytes` where `most` are allowed, with the
/// key that takes most of them: "the input of workflow 'import' is 3012 bytes of JSON; at most …".
[[nodiscard]] std::string too_large(std::string_view what, Context const& context,
                                    std::size_t bytes, std::size_t most);

}  // namespace cloacina
