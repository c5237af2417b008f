#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "backend/postgres/settings.hpp"
#include "backend/session.hpp"

namespace cloacina::backend::postgres {

/// What an error means that the server answered with, by its SQLSTATE; see `Failure` and R16.
[[nodiscard]] Failure failure_of(std::string_view sqlstate) noexcept;

/// The exception under way as the session's: call it in a handler. `doing`: the statement's name,
/// "begin" or "commit"; `lost`: what a lost connection means here. Lets `std::bad_alloc` and what
/// is a `SessionError` already pass.
[[noreturn]] void throw_session_error(Settings const& settings, std::string_view doing,
                                      Failure lost);

/// The exception under way while the database is opened: `ConfigurationError` for what the user
/// can change, retryable `BackendError` for what passes by itself.
[[noreturn]] void refuse_database(Settings const& settings);

/// Why a connection was not made, as libpq says it: one line, without secrets.
[[nodiscard]] std::string one_line(Settings const& settings, std::string_view message);

}  // namespace cloacina::backend::postgres
