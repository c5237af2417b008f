#pragma once

#include <array>
#include <string_view>

namespace cloacina {

// The names of options in a PostgreSQL URL, which messages may show, also of a mistyped one: each
// is a word that everybody knows.

/// What libpq reads of a URL, but `replication`, which speaks another protocol, and
/// `client_encoding`, which is ours to say.
inline constexpr std::array<std::string_view, 38> libpq_options{"application_name",
                                                                "channel_binding",
                                                                "connect_timeout",
                                                                "dbname",
                                                                "fallback_application_name",
                                                                "gssdelegation",
                                                                "gssencmode",
                                                                "gsslib",
                                                                "host",
                                                                "hostaddr",
                                                                "keepalives",
                                                                "keepalives_count",
                                                                "keepalives_idle",
                                                                "keepalives_interval",
                                                                "krbsrvname",
                                                                "load_balance_hosts",
                                                                "options",
                                                                "passfile",
                                                                "password",
                                                                "port",
                                                                "require_auth",
                                                                "requirepeer",
                                                                "service",
                                                                "ssl",
                                                                "ssl_max_protocol_version",
                                                                "ssl_min_protocol_version",
                                                                "sslcert",
                                                                "sslcompression",
                                                                "sslcrl",
                                                                "sslcrldir",
                                                                "sslkey",
                                                                "sslmode",
                                                                "sslpassword",
                                                                "sslrootcert",
                                                                "sslsni",
                                                                "target_session_attrs",
                                                                "tcp_user_timeout",
                                                                "user"};
/// What the driver reads itself.
inline constexpr std::array<std::string_view, 4> own_server_options{"schema", "listen", "prepare",
                                                                    "unsafe_server"};

}  // namespace cloacina
