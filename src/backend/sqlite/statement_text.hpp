#pragma once

#include <cstddef>
#include <string>

#include "backend/session.hpp"

namespace cloacina::backend::sqlite {

/// Whether braces mark a tuple of which several may be written at once.
[[nodiscard]] bool takes_many_rows(Statement const& statement) noexcept;

/// The statement as SQLite reads it: `{s}.` is the schema of the file, and a tuple in braces is
/// there `rows` times, each with the next parameters: `{($1, $2)}` for two rows is
/// `($1, $2),($3, $4)`. Throws `SessionError` if there are parameters outside of such a tuple.
[[nodiscard]] std::string statement_text(Statement const& statement, std::size_t rows);

}  // namespace cloacina::backend::sqlite
