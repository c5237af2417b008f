#pragma once

#include <string>

#include "core/database_url.hpp"

namespace cloacina::backend::sqlite {

/// The absolute path without links. Throws `ConfigurationError` if the directory does not exist, or
/// if what is there is not a file that may be opened in the URL's mode.
[[nodiscard]] std::string resolve_path(DatabaseUrl const& url);

/// Makes an empty file that only its owner may read (0600), if none is there and the mode is rwc.
/// Thread-safe.
void create_if_wanted(DatabaseUrl const& url, std::string const& path);

}  // namespace cloacina::backend::sqlite
