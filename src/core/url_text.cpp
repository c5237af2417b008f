#include "core/url_text.hpp"

#include <algorithm>

#include "core/ascii.hpp"
#include "core/sabotage.hpp"

namespace cloacina {
namespace {

bool is_word(std::string_view text, std::string_view also) noexcept {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           also.find(c) != std::string_view::npos;
  });
}

bool is_port(std::string_view text) noexcept {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_host_and_port(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    auto const end = text.find(']');
    if (end == std::string_view::npos || !is_word(text.substr(1, end - 1), ":.")) return false;
    text.remove_prefix(end + 1);
    return text.empty() || (text.starts_with(':') && is_port(text.substr(1)));
  }
  auto const colon = text.find(':');
  if (!is_word(text.substr(0, colon), ".-_")) return false;
  return colon == std::string_view::npos || is_port(text.substr(colon + 1));
}

void collect_words(std::string_view text, std::vector<std::string>& words) {
  constexpr std::size_t shortest = 3;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_word(text.substr(i, 1), "")) continue;
    if (i - from >= shortest) words.emplace_back(text.substr(from, i - from));
    from = i + 1;
  }
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    int const high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    int const low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string shown_server_url(std::string_view scheme, std::string_view rest) {
  static bool const whole = is_sabotaged("url_shown_whole");  // for the trial secrets
  if (whole) return std::string{scheme} + "://" + std::string{rest};
  auto const hidden = std::string{scheme} + "://…";
  auto const query = rest.find('?');
  if (query != std::string_view::npos && rest.find('@', query) != std::string_view::npos)
    return hidden;
  auto const address = rest.substr(0, query);
  auto const slash = address.find('/');
  auto authority = address.substr(0, slash);
  auto const database =
      slash == std::string_view::npos ? std::string_view{} : address.substr(slash + 1);
  if (!is_word(database, "._-")) return hidden;
  std::string_view user;
  if (auto const at = authority.find('@'); at != std::string_view::npos) {
    auto const credentials = authority.substr(0, at);
    user = credentials.substr(0, credentials.find(':'));
    authority.remove_prefix(at + 1);
    if (!is_word(user, "._-")) return hidden;
  }
  // Several of them only behind a user: else the first may be a user, and the second a password.
  for (auto hosts = authority; !hosts.empty();) {
    auto const comma = user.empty() ? hosts.npos : hosts.find(',');
    if (!is_host_and_port(hosts.substr(0, comma))) return hidden;
    hosts.remove_prefix(comma == hosts.npos ? hosts.size() : comma + 1);
  }
  auto shown = std::string{scheme} + "://";
  if (!user.empty()) shown += std::string{user} + "@";
  shown += authority;
  if (slash != std::string_view::npos) shown += "/" + std::string{database};
  return shown;
}

std::string_view password_in(std::string_view rest) {
  auto const at = rest.rfind('@');
  auto const colon = rest.find(':');
  if (at != std::string_view::npos && colon < at) return rest.substr(colon + 1, at - colon - 1);
  constexpr std::string_view option = "password=";
  if (auto const found = rest.find(option); found != std::string_view::npos) {
    auto const value = rest.substr(found + option.size());
    return value.substr(0, value.find('&'));
  }
  return {};
}

std::vector<std::string> words_in(std::string_view text) {
  std::string unescaped;  // also where the text as a whole cannot be decoded
  std::string between;    // its escapes
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const escape = text[i] == '%' ? percent_decoded(text.substr(i, 3)) : std::nullopt;
    unescaped += escape ? *escape : std::string{text[i]};
    between += escape ? ' ' : text[i];
    if (escape) i += 2;
  }
  std::vector<std::string> words;
  for (std::string_view const part : {text, std::string_view{unescaped}, std::string_view{between}})
    collect_words(part, words);
  std::stable_sort(words.begin(), words.end(),
                   [](auto const& a, auto const& b) { return a.size() > b.size(); });
  return words;
}

bool may_hold_password(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  return lower.find_first_of("@=%") != std::string::npos ||
         lower.find("pass") != std::string::npos || lower.find("pwd") != std::string::npos;
}

}  // namespace cloacina
