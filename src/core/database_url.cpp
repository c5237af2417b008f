#include "core/database_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <cloacina/error.hpp>

#include "core/ascii.hpp"
#include "core/nearest.hpp"
#include "core/sabotage.hpp"
#include "core/schema_name.hpp"
#include "core/server_options.hpp"
#include "core/url_text.hpp"
#include "core/utf8.hpp"

namespace cloacina {
namespace {

constexpr std::string_view expected_forms =
    "expected sqlite:// and a path (sqlite://orders.db, sqlite:///var/lib/orders.db), "
    "sqlite::memory:, or postgres://…";
constexpr std::string_view known_options =
    "the options are mode=ro|rw|rwc, _synchronous=FULL|NORMAL, _journal_mode=WAL and "
    "_busy_timeout=MILLISECONDS";
constexpr std::array<std::string_view, 4> option_names{"mode", "_synchronous", "_journal_mode",
                                                       "_busy_timeout"};
constexpr std::array<std::string_view, 3> schemes{"sqlite", "postgres", "postgresql"};

[[noreturn]] void refuse(std::string const& problem, std::string_view expected = expected_forms) {
  throw ConfigurationError("database URL: " + problem + "; " + std::string{expected},
                           "database_url");
}

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result) c = cloacina::lower(c);
  return result;
}

bool consists_of_letters_and(std::string_view signs, std::string_view text) {
  static std::string const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return text.find_first_not_of(letters + std::string{signs}) == std::string_view::npos;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && consists_of_letters_and("", text.substr(0, 1)) &&
         consists_of_letters_and("0123456789+.-", text);
}

std::string shown(std::string_view text) { return in_quotes(shorten_utf8(text, 200)); }

/// A word that should not be there, if it is one: of a mistyped URL anything may have got there.
std::string shown_word(std::string_view text) {
  if (consists_of_letters_and("0123456789_-", text)) return shown(text);
  return "that is not shown, because it may hold a password";
}

/// There is no `scheme://` in it.
[[noreturn]] void refuse_no_url(std::string_view text) {
  constexpr std::string_view sqlite = "sqlite:";
  if (text.empty()) refuse("it is empty");
  bool const names_sqlite = lower(text.substr(0, sqlite.size())) == sqlite;
  auto const path = text.substr(names_sqlite ? sqlite.size() : 0);
  if (may_hold_password(path) || path.find(':') != std::string_view::npos)
    refuse("it is not a URL (not shown, because it may hold a password)");
  if (names_sqlite)
    refuse(shown(text) + " lacks the slashes; did you mean " +
           shown("sqlite://" + std::string{path}) + "?");
  refuse(shown(text) + " is not a URL; for a file write " + shown("sqlite://" + std::string{text}));
}

[[noreturn]] void refuse_scheme(std::string_view scheme) {
  refuse("unknown scheme " + shown(scheme) + did_you_mean(scheme, schemes));
}

/// An SQLite URL has neither user nor host; who writes one may have written a password, wherever:
/// `user:password@`, `password=`, `Pwd:`.
bool looks_like_credentials(std::string_view text) {
  auto const small = lower(text);
  auto const colon = small.find(':');
  if (colon != std::string::npos && small.find('@', colon) != std::string::npos) return true;
  for (auto at = small.find_first_of("=:"); at != std::string::npos;
       at = small.find_first_of("=:", at + 1)) {
    auto const before = small.substr(0, at);
    auto const word = before.substr(before.find_last_not_of("abcdefghijklmnopqrstuvwxyz") + 1);
    if (word.find("pass") != std::string::npos || word.find("pwd") != std::string::npos)
      return true;
  }
  return false;
}

std::string decoded(std::string_view text, std::string_view what) {
  auto result = percent_decoded(text);
  if (!result) {
    refuse("the " + std::string{what} + " has a percent sign without two hex digits",
           "write a percent sign as %25");
  }
  if (result->find('\0') != std::string::npos) {
    refuse("the " + std::string{what} + " holds a NUL character", "leave it out");
  }
  return std::move(*result);
}

template <class Value>
Value choose(std::string_view option, std::string_view value,
             std::initializer_list<std::pair<std::string_view, Value>> choices) {
  std::string words;
  for (auto const& [word, meaning] : choices) {
    if (lower(word) == lower(value)) return meaning;
    words += (words.empty() ? "" : ", ") + std::string{word};
  }
  refuse("option '" + std::string{option} + "' has the value " + shown_word(value),
         "expected one of: " + words);
}

std::chrono::milliseconds timeout_from(std::string_view value) {
  constexpr int longest = 3'600'000;
  int number = -1;
  auto const* const last = value.data() + value.size();
  auto const [end, error] = std::from_chars(value.data(), last, number);
  if (error != std::errc{} || end != last || number < 0 || number > longest) {
    refuse("option '_busy_timeout' has the value " + shown_word(value),
           "expected milliseconds, 0 to 3600000");
  }
  return std::chrono::milliseconds{number};
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    auto const end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_inside_word(std::string_view text, std::size_t at, std::size_t size) {
  auto const continues = [text](std::size_t i) {
    return i < text.size() && consists_of_letters_and("0123456789", text.substr(i, 1));
  };
  return (at > 0 && continues(at - 1)) || continues(at + size);
}

void replace_all(std::string& text, std::string_view part) {
  if (part.empty()) return;
  constexpr std::string_view mask = "***";
  // A short one would be told by the letters that are missing from other words: "o***tion".
  // Drivers cut a URL at its signs, so that its words stand alone in what they quote.
  bool const is_short = part.size() < 6;
  for (auto at = text.find(part); at != std::string::npos;) {
    if (is_short && is_inside_word(text, at, part.size())) {
      at = text.find(part, at + 1);
      continue;
    }
    text.replace(at, part.size(), mask);
    at = text.find(part, at + mask.size());
  }
}

/// Their words are those of half of all messages: "connection", "timeout".
std::string without_option_names(std::string_view rest) {
  auto const query = std::min(rest.find('?'), rest.size());
  std::string result{rest.substr(0, query)};
  if (query == rest.size()) return result;
  auto const is_one_of = [](auto const& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (auto option : split(rest.substr(query + 1), '&')) {
    auto const name = option.substr(0, option.find('='));
    if (is_one_of(libpq_options, name) || is_one_of(own_server_options, name))
      option.remove_prefix(name.size());
    (result += '&') += option;
  }
  return result;
}

}  // namespace

DatabaseUrl DatabaseUrl::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) refuse("it holds a NUL character");
  constexpr std::string_view in_memory = "sqlite::memory:";
  if (lower(text.substr(0, in_memory.size())) == in_memory) {
    if (text.size() != in_memory.size()) {
      refuse("something follows sqlite::memory:", "a database in memory takes no options");
    }
    DatabaseUrl url;
    url.memory = true;
    url.display_ = in_memory;
    return url;
  }
  auto const mark = text.find("://");
  if (mark == std::string_view::npos || !is_scheme(text.substr(0, mark))) refuse_no_url(text);
  auto const scheme = lower(text.substr(0, mark));
  if (scheme == "sqlite") return parse_sqlite_file(text.substr(mark + 3));
  if (scheme == "postgres" || scheme == "postgresql") return parse_postgres(text, scheme);
  refuse_scheme(scheme);
}

DatabaseUrl DatabaseUrl::parse_sqlite_file(std::string_view rest) {
  auto const query = rest.find('?');
  auto const path = rest.substr(0, query);
  if (looks_like_credentials(rest)) {
    refuse("an sqlite:// URL has no user, password or host (not shown)",
           "expected sqlite:// and a path; in a path write %40 for @, %3A for : and %3D for =");
  }
  DatabaseUrl url;
  url.path = decoded(path, "path");
  if (url.path.empty()) refuse("sqlite:// without a path");
  if (url.path.ends_with('/')) refuse("the path " + shown(url.path) + " names a directory");
  if (url.path == ":memory:")
    refuse("':memory:' is not a path", "for a database in memory write sqlite::memory:");
  url.display_ = "sqlite://" + to_valid_utf8(url.path);
  if (query == std::string_view::npos || query + 1 == rest.size()) return url;
  std::vector<std::string_view> given;
  for (auto const option : split(rest.substr(query + 1), '&')) {
    auto const equal = option.find('=');
    auto const name = option.substr(0, equal);
    if (std::find(option_names.begin(), option_names.end(), name) == option_names.end()) {
      refuse("unknown option " + shown_word(name) + did_you_mean(name, option_names),
             known_options);
    }
    if (std::find(given.begin(), given.end(), name) != given.end()) {
      refuse("option '" + std::string{name} + "' is given twice", "give it once");
    }
    given.push_back(name);
    url.apply_option(
        name, decoded(equal == std::string_view::npos ? "" : option.substr(equal + 1), "option"));
  }
  return url;
}

void DatabaseUrl::apply_option(std::string_view name, std::string_view value) {
  if (name == "mode") {
    mode = choose<Mode>(name, value, {{"ro", Mode::ro}, {"rw", Mode::rw}, {"rwc", Mode::rwc}});
  } else if (name == "_synchronous") {
    synchronous = choose<Synchronous>(
        name, value, {{"FULL", Synchronous::full}, {"NORMAL", Synchronous::normal}});
  } else if (name == "_journal_mode") {
    (void)choose<bool>(name, value, {{"WAL", true}});
  } else {
    busy_timeout = timeout_from(value);
  }
}

DatabaseUrl DatabaseUrl::parse_postgres(std::string_view text, std::string_view scheme) {
  DatabaseUrl url;
  url.backend = Backend::postgres;
  url.display_ = shown_server_url(scheme, text.substr(text.find("://") + 3));
  url.secret_text_ = text;
  return url;
}

void DatabaseUrl::set_schema(std::string_view name) {
  if (auto const why = why_no_schema_name(name); !why.empty())
    throw ConfigurationError("the schema's name " + why + "; expected one as tenant_a", "schema");
  if (backend != Backend::postgres)
    throw ConfigurationError(
        "a schema for each tenant needs PostgreSQL, and the database is '" + display_ +
            "'; with SQLite each tenant is a file of its own: name another one",
        "schema");
  schema = name;
}

std::string DatabaseUrl::redact(std::string message) const {
  static bool const as_it_is = is_sabotaged("driver_shown_whole");  // for the trial secrets
  if (secret_text_.empty() || as_it_is) return message;
  auto const rest = std::string_view{secret_text_}.substr(secret_text_.find("://") + 3);
  auto const password = password_in(rest);
  replace_all(message, secret_text_);
  replace_all(message, password);
  replace_all(message, percent_decoded(password).value_or(""));
  // Drivers quote the part that they stumbled over, and passwords may be cut by what is a sign to
  // them.
  auto const displayed = words_in(display_);
  for (auto const& word : words_in(without_option_names(rest))) {
    if (std::find(displayed.begin(), displayed.end(), word) == displayed.end())
      replace_all(message, word);
  }
  return message;
}

}  // namespace cloacina
