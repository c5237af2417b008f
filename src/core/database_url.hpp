#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cloacina {

/// Where a database is, as the user wrote it.
///
/// SQLite: `sqlite://` and a path (`sqlite:///var/x.db`, `sqlite://x.db`, percent-encoding as in
/// other URLs), or `sqlite::memory:`; behind `?` the options `mode`, `_synchronous`,
/// `_journal_mode` and `_busy_timeout`. PostgreSQL: `postgres://…` or `postgresql://…`, kept as it
/// is for the driver.
class DatabaseUrl {
 public:
  enum class Backend : std::uint8_t { sqlite, postgres };
  enum class Mode : std::uint8_t {
    ro,   ///< read only
    rw,   ///< the file must be there
    rwc,  ///< it is created if it is not
  };
  enum class Synchronous : std::uint8_t {
    full,    ///< what was committed survives a power cut
    normal,  ///< it survives a crash of the process; a power cut may take the last commits
  };

  Backend backend = Backend::sqlite;
  bool memory = false;  ///< a database that lives only as long as it is open
  std::string path;     ///< of an SQLite file, decoded; empty in memory
  Mode mode = Mode::rwc;
  Synchronous synchronous = Synchronous::full;
  std::chrono::milliseconds busy_timeout{5000};  ///< how long to wait for another process's turn
  std::string schema;  ///< of PostgreSQL, as `set_schema` was told; empty: as the URL says

  /// Throws `ConfigurationError` saying what was expected. No message shows a password, also where
  /// the text is no URL.
  [[nodiscard]] static DatabaseUrl parse(std::string_view text);

  /// The schema of a tenant. Throws `ConfigurationError` for what cannot be one, and for SQLite,
  /// where each tenant has a file of its own.
  void set_schema(std::string_view name);

  /// For messages and logs: without password and options.
  [[nodiscard]] std::string const& display() const noexcept { return display_; }
  /// For the PostgreSQL driver only: password included.
  [[nodiscard]] std::string const& secret_text() const noexcept { return secret_text_; }
  /// The message without the URL and its password: drivers quote what they could not parse.
  [[nodiscard]] std::string redact(std::string message) const;

 private:
  static DatabaseUrl parse_sqlite_file(std::string_view rest);
  static DatabaseUrl parse_postgres(std::string_view text, std::string_view scheme);
  void apply_option(std::string_view name, std::string_view value);

  std::string display_;
  std::string secret_text_;
};

}  // namespace cloacina
