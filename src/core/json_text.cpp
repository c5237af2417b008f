#include "core/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/sabotage.hpp"

namespace cloacina {
namespace {

/// What stands for a character inside a JSON string; empty: itself.
std::string_view escape_of(unsigned char c) noexcept {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return {};
  }
}

constexpr bool needs_escape(unsigned char c) noexcept { return c < 0x20 || c == '"' || c == '\\'; }

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> buffer{};
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 32> buffer{};
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string_view const text{buffer.data(), static_cast<std::size_t>(end - buffer.data())};
  out += text;
  // Otherwise 1.0 would come back as an integer.
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_array(std::string& out, Json::array_t const& array) {
  out += '[';
  bool first = true;
  for (auto const& element : array) {
    if (!first) out += ',';
    first = false;
    append_json(out, element);
  }
  out += ']';
}

void append_object(std::string& out, Json::object_t const& object) {
  out += '{';
  bool first = true;
  for (auto const& [key, value] : object) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, key);
    out += ':';
    append_json(out, value);
  }
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const c = static_cast<unsigned char>(text[i]);
    if (!needs_escape(c)) continue;
    out.append(text, written, i - written);
    written = i + 1;
    if (auto const escape = escape_of(c); !escape.empty()) {
      out += escape;
    } else {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
    }
  }
  out.append(text, written);
  out += '"';
}

void append_json(std::string& out, Json const& value) {
  using Type = Json::value_t;
  switch (value.type()) {
    case Type::boolean:
      out += *value.get_ptr<bool const*>() ? "true" : "false";
      return;
    case Type::number_integer:
      append_integer(out, *value.get_ptr<std::int64_t const*>());
      return;
    case Type::number_unsigned: {
      auto number = *value.get_ptr<std::uint64_t const*>();
      static bool const lossy = is_sabotaged("lossy_integer");  // for the trial context_fidelity
      if (lossy && number >> 53 != 0) number &= ~std::uint64_t{1};
      append_integer(out, number);
      return;
    }
    case Type::number_float:
      append_double(out, *value.get_ptr<double const*>());
      return;
    case Type::string:
      append_json_string(out, *value.get_ptr<std::string const*>());
      return;
    case Type::array:
      append_array(out, *value.get_ptr<Json::array_t const*>());
      return;
    case Type::object:
      append_object(out, *value.get_ptr<Json::object_t const*>());
      return;
    case Type::null:
    case Type::binary:  // refused by check_storable
    case Type::discarded:
      break;
  }
  out += "null";
}

std::string to_json_text(Json const& value) {
  std::string text;
  append_json(text, value);
  return text;
}

}  // namespace cloacina
