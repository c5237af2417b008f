#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cloacina {

/// `%41` → `A`; nothing if a percent sign is not followed by two hex digits. A plus sign stays one.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

/// What may be shown of a `scheme://user:password@host:port/database?options`:
/// `scheme://user@host:port/database`. Of anything that is not exactly of this form only
/// `scheme://…`, because its password could be anywhere. Nothing percent-encoded is shown: it may
/// be the sign that parts off the password.
[[nodiscard]] std::string shown_server_url(std::string_view scheme, std::string_view rest);

/// The password of such a URL as it stands there: from the first colon to the last `@`, or behind
/// `password=`; may hold more than the password, never less. Empty if there is none.
[[nodiscard]] std::string_view password_in(std::string_view rest);

/// The runs of three or more letters and digits, as they stand there, percent-decoded, and between
/// what is encoded; the longest first.
[[nodiscard]] std::vector<std::string> words_in(std::string_view text);

/// True if a text that is not the URL it should be could hold a password, so that it must not be
/// shown.
[[nodiscard]] bool may_hold_password(std::string_view text);

}  // namespace cloacina
