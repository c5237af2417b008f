#include "backend/postgres/settings.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <cloacina/error.hpp>

#include "core/nearest.hpp"
#include "core/schema_name.hpp"
#include "core/server_options.hpp"
#include "core/url_text.hpp"
#include "core/utf8.hpp"

namespace cloacina::backend::postgres {
namespace {

// What a tenant does not get with its URL: who the administrator is, and how that is proved.
constexpr std::array<std::string_view, 9> administrators_own{"user",        "password", "passfile",
                                                             "schema",      "sslcert",  "sslkey",
                                                             "sslpassword", "service",  "options"};

// Said only where the user does not: every wait ends (a dead peer is noticed within 9 s, which is
// less than a lease), and after a failover the server that takes writes is found.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> defaults{
    {{"application_name", "cloacina"},
     {"connect_timeout", "5"},
     {"keepalives_idle", "3"},
     {"keepalives_interval", "2"},
     {"keepalives_count", "3"},
     {"tcp_user_timeout", "9000"},
     {"target_session_attrs", "read-write"},
     {"client_encoding", "UTF8"}}};

[[noreturn]] void refuse(std::string const& problem, std::string const& expected) {
  throw ConfigurationError("database URL: " + problem + "; " + expected, "database_url");
}

bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_true(std::string_view option, std::string_view value) {
  if (value == "true" || value == "1" || value == "on") return true;
  if (value == "false" || value == "0" || value == "off") return false;
  refuse("option '" + std::string{option} + "' is neither true nor false", "expected one of them");
}

void apply(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "listen") {
    settings.listen = is_true(name, value);
  } else if (name == "prepare") {
    settings.prepare = is_true(name, value);
  } else if (name == "unsafe_server") {
    settings.unsafe_server = is_true(name, value);
  } else {
    if (auto const why = why_no_schema_name(value); !why.empty())
      refuse("option 'schema' " + why, "expected a name as tenant_a");
    settings.schema = value;
  }
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    auto const end = std::min(text.find('&'), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

template <std::size_t Size>
bool contains(std::array<std::string_view, Size> const& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Of a mistyped URL anything may have got there, a password too: a name is shown only if it is a
/// slip of a known one.
std::string unknown_option(std::string_view name) {
  std::vector<std::string_view> all{own_server_options.begin(), own_server_options.end()};
  all.insert(all.end(), libpq_options.begin(), libpq_options.end());
  bool const is_word = std::all_of(name.begin(), name.end(), is_letter);
  auto const meant = is_word ? did_you_mean(name, all) : "";
  return "unknown option " + (meant.empty() ? "that is not shown, because it may be a password"
                                            : "'" + std::string{name} + "'" + meant);
}

/// Everything that may mean something in a URL as %XX.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (is_letter(c) || (c >= '0' && c <= '9')) {
      result += c;
    } else {
      ((result += '%') += digits[byte >> 4]) += digits[byte & 15];
    }
  }
  return result;
}

/// `USER:PASSWORD@HOST:PORT/DATABASE` and what is behind the question mark.
struct Parts {
  std::string_view host, database, query;
};

Parts parts_of(std::string_view url) {
  auto rest = url.substr(url.find("://") + 3);
  auto const mark = std::min(rest.find('?'), rest.size());
  Parts parts;
  parts.query = rest.substr(std::min(mark + 1, rest.size()));
  rest = rest.substr(0, mark);
  auto const slash =
      std::min(rest.find('/', rest.rfind('@') == rest.npos ? 0 : rest.rfind('@')), rest.size());
  parts.database = rest.substr(std::min(slash + 1, rest.size()));
  auto const authority = rest.substr(0, slash);
  auto const at = authority.rfind('@');
  parts.host = at == authority.npos ? authority : authority.substr(at + 1);
  return parts;
}

}  // namespace

std::string as_identifier(std::string_view identifier) {
  std::string result{'"'};
  for (char const c : identifier) {
    if (c == '"') result += '"';
    result += c;
  }
  return result += '"';
}

bool Settings::names_database() const noexcept {
  return !parts_of(url.secret_text()).database.empty();
}

std::string Settings::url_for(std::string_view username, std::string_view password,
                              std::string_view schema_name) const {
  auto const parts = parts_of(url.secret_text());
  std::string result = "postgresql://" + percent_encoded(username) + ":" +
                       percent_encoded(password) + "@" + std::string{parts.host} + "/" +
                       std::string{parts.database} + "?schema=" + std::string{schema_name};
  for (auto const option : split(parts.query)) {
    auto const name = percent_decoded(option.substr(0, option.find('='))).value_or("");
    if (!contains(administrators_own, name)) (result += '&') += option;
  }
  return result;
}

Settings Settings::from(DatabaseUrl const& url) {
  Settings settings;
  settings.url = url;
  std::string_view const text = url.secret_text();
  auto const rest = text.substr(text.find("://"));
  auto const query = std::min(rest.find('?'), rest.size());
  auto& connection = settings.connection;
  connection = "postgresql" + std::string{rest.substr(0, query)};
  std::vector<std::string> given;
  char separator = '?';
  auto const add = [&](std::string_view option) {
    (connection += separator) += option;
    separator = '&';
  };
  for (auto const option : split(rest.substr(std::min(query + 1, rest.size())))) {
    auto const equal = std::min(option.find('='), option.size());
    auto const name = percent_decoded(option.substr(0, equal)).value_or("");
    if (std::find(given.begin(), given.end(), name) != given.end())
      refuse("option '" + name + "' is given twice", "give it once");
    if (contains(own_server_options, name)) {
      auto const value = percent_decoded(option.substr(std::min(equal + 1, option.size())));
      apply(settings, name, value.value_or(""));
    } else if (contains(libpq_options, name)) {
      add(option);
    } else {
      refuse(unknown_option(name),
             "the options are schema=NAME, listen=true|false, prepare=true|false, "
             "unsafe_server=true|false, and those of libpq, as sslmode and connect_timeout");
    }
    given.push_back(name);
  }
  if (!url.schema.empty()) {
    bool const named = std::find(given.begin(), given.end(), "schema") != given.end();
    if (named && settings.schema != url.schema)
      refuse("option 'schema' is '" + settings.schema + "', and the program asks for '" +
                 url.schema + "'",
             "name it once");
    settings.schema = url.schema;
  }
  for (auto const& [name, value] : defaults)
    if (std::find(given.begin(), given.end(), name) == given.end())
      add(std::string{name} + "=" + std::string{value});
  return settings;
}

}  // namespace cloacina::backend::postgres
